// What is being waited for while it is published, and for how long already.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Publish } from "@/api/types";
import classes from "@/features/publish/Publish.module.css";
import { useFormat } from "@/lib/useFormat";

/** These are written anew, which takes a while. */
const LONG: ReadonlySet<string> = new Set(["merged", "gguf"]);

export function Going({ request }: { request: Publish }) {
  const { t } = useTranslation("publish");
  const { duration } = useFormat();
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const long = request.formats.some((format) => LONG.has(format));
  return (
    <p className={classes.going}>
      <span role="status">{t(`going.${request.target}`)} {long ? t("going.long") : null}</span>
      {seconds > 2 ? <span>{duration(seconds)}</span> : null}
    </p>
  );
}

// Why one file or line was left out: the reason in the reader's language, then the server's own sentence.
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import classes from "./Refusal.module.css";

interface RefusalProps {
  file: string;
  reason: string;
  message: string;
  kind?: Kind;
}

export function Refusal({ file, reason, message, kind = "images" }: RefusalProps) {
  const { t, i18n } = useTranslation("datasets");
  const words = kind === "texts" ? "reasonTexts" : "reason";
  const known = i18n.exists(`datasets:${words}.${reason}`) ? reason : "other";
  return (
    <li className={classes.refusal}>
      <b>{file}</b> <span>{t(`${words}.${known as "other"}`)}</span>
      {message ? <small lang="en">{message}</small> : null}
    </li>
  );
}

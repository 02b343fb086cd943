// It is out: which version lies where, and how to get there.
import { Button } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Publication, Targets } from "@/api/types";
import classes from "@/features/publish/Publish.module.css";
import { Where } from "@/features/publish/Where";

export function Published({ publication, targets, onAgain }: { publication: Publication; targets: Targets; onAgain: () => void }) {
  const { t } = useTranslation("publish");
  const title = useRef<HTMLHeadingElement>(null);
  // the button that was pressed is gone: what came of it takes its place
  useEffect(() => title.current?.focus(), []);
  return (
    <div className={classes.published}>
      <IconCircleCheck size={28} stroke={1.5} aria-hidden="true" />
      <div>
        <h3 ref={title} tabIndex={-1}>{t("made.title", { version: publication.version })}</h3>
        <p>{t(`made.${publication.target}`)}</p>
        <Where publication={publication} targets={targets} large />
        <Button variant="default" mt="md" onClick={onAgain}>{t("made.again")}</Button>
      </div>
    </div>
  );
}

// Two people wrote one caption: both texts, and three ways on. What stands in the field is never lost.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { WordDiff } from "@/components/WordDiff";
import type { Caption } from "../useCaption";
import { joined, once, tagsOf } from "./tags";
import classes from "./Words.module.css";

export function Conflict({ caption }: { caption: Caption }) {
  const { t } = useTranslation("datasets");
  const { text, theirs, write, undo, keepMine } = caption;
  if (theirs === null) return null;
  return (
    <div className={classes.conflict} role="alert">
      <strong>{t("conflict.title")}</strong>
      <dl>
        <dt>{t("conflict.theirs")}</dt>
        <dd>{theirs || t("diff.empty")}</dd>
        <dt>{t("conflict.mine")}</dt>
        <dd>
          <WordDiff before={theirs} after={text} />
        </dd>
      </dl>
      <p>{t("conflict.text")}</p>
      <div className={classes.buttons}>
        <Button size="compact-sm" onClick={keepMine}>
          {t("conflict.keep")}
        </Button>
        <Button variant="default" size="compact-sm" onClick={undo}>
          {t("conflict.take")}
        </Button>
        <Button variant="default" size="compact-sm" onClick={() => write(joined(once([...tagsOf(theirs), ...tagsOf(text)])))}>
          {t("conflict.both")}
        </Button>
      </div>
    </div>
  );
}

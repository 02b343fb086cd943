// Two texts as one, with what went struck out and what came marked; signs too, so that colour is not all that tells.
import { VisuallyHidden } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { wordDiff } from "./diff";
import classes from "./WordDiff.module.css";

export function WordDiff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation();
  const parts = useMemo(() => wordDiff(before, after), [before, after]);
  return (
    <span className={classes.diff}>
      {parts.map(({ kind, text }, at) => {
        if (kind === "same") return <span key={at}>{text}</span>;
        const Tag = kind === "gone" ? "del" : "ins";
        return (
          <Tag key={at}>
            <VisuallyHidden>{t(kind === "gone" ? "diff.gone" : "diff.new")} </VisuallyHidden>
            {text}
          </Tag>
        );
      })}
    </span>
  );
}

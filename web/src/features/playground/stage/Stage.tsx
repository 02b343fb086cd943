// The picture, large. The old one stays, a little dimmed, until the new one can take its place.
import { VisuallyHidden } from "@mantine/core";
import type { CSSProperties, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Drawing } from "@/features/playground/types";
import type { View } from "@/features/playground/state/view";
import { Progress } from "./Progress";
import classes from "./Stage.module.css";
import { useDrawingWords } from "./useDrawingWords";

interface Props {
  view: View;
  /** The base's name, for the wait while it is loaded. */
  base: string;
  /** Width over height of what is asked for, until there is a picture. */
  ratio: number;
  /** A kept drawing to look at beside it. */
  beside: Drawing | null;
  /** What stands where no picture is yet. */
  empty: ReactNode;
}

export function Stage({ view, base, ratio, beside, empty }: Props) {
  const { t } = useTranslation("playground");
  const words = useDrawingWords();
  const { shown, phase } = view;
  const outdated = phase !== null && shown !== null && shown.sequence !== view.sequence;
  return (
    <div className={classes.stage} data-beside={beside !== null || undefined}>
      {beside ? (
        <figure className={classes.frame} style={{ "--ratio": beside.width / beside.height } as CSSProperties}>
          <img src={beside.picture} alt={words.alt(beside.asked.prompt)} className={classes.picture} />
          <figcaption className={classes.name}>{t("compare.kept")}</figcaption>
        </figure>
      ) : null}
      <figure className={classes.frame} style={{ "--ratio": shown ? shown.width / shown.height : ratio } as CSSProperties} aria-busy={phase !== null} data-generations={view.generations}>
        {shown ? (
          <img
            src={shown.picture} alt={words.alt(shown.prompt)} className={classes.picture} data-testid="drawing" data-outdated={outdated || undefined}
            data-quality={shown.quality} data-sequence={shown.sequence} data-preview-ms={view.previewMs ?? undefined}
          />
        ) : (
          <div className={classes.empty}>{phase === null ? empty : null}</div>
        )}
        {beside ? <figcaption className={classes.name}>{t("compare.current")}</figcaption> : null}
        <Progress view={view} base={base} />
      </figure>
      <VisuallyHidden role="status" aria-live="polite">{words.said(view, base)}</VisuallyHidden>
    </div>
  );
}

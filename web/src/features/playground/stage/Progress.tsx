// How far the drawing is, at the picture's lower edge. Quick ones are over before it appears.
import { useTranslation } from "react-i18next";
import type { View } from "@/features/playground/state/view";
import classes from "./Stage.module.css";
import { useDrawingWords } from "./useDrawingWords";

export function Progress({ view, base }: { view: View; base: string }) {
  const { t } = useTranslation("playground");
  const { wait } = useDrawingWords();
  if (view.phase === null) return null;
  const known = view.phase === "drawing" && view.total > 0;
  const share = known ? view.done / view.total : 0;
  return (
    <div
      className={classes.progress} role="progressbar" aria-label={t("wait.label")} aria-valuetext={wait(view, base)}
      aria-valuemin={0} aria-valuemax={known ? view.total : undefined} aria-valuenow={known ? view.done : undefined}
    >
      <span className={classes.wait}>{wait(view, base)}</span>
      <i data-unknown={!known || undefined} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

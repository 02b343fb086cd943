// The values under the cursor, else the newest: one line that does not move.
import { useTranslation } from "react-i18next";
import classes from "@/features/runs/chart/Charts.module.css";
import type { Point, Validation } from "@/features/runs/view/view";
import { formatLoss } from "@/features/runs/words/numbers";

interface Props {
  points: readonly Point[];
  smoothed: readonly (number | null)[];
  validations: readonly Validation[];
  step: number | null;
}

export function Readout({ points, smoothed, validations, step }: Props) {
  const { t } = useTranslation("runs");
  const at = step === null ? points.length - 1 : points.findIndex((point) => point.step >= step);
  const point = points[at];
  const check = step === null ? validations.at(-1) : validations.find((one) => one.step === step);
  const value = (loss: number | null | undefined) => (loss == null ? "–" : formatLoss(loss));
  return (
    <dl className={classes.readout}>
      <div><dt>{t("chart.step")}</dt><dd>{(step ?? point?.step)?.toLocaleString() ?? "–"}</dd></div>
      <div><dt>{t("chart.raw")}</dt><dd>{value(point?.loss)}</dd></div>
      <div><dt>{t("chart.smoothed")}</dt><dd>{value(smoothed[at])}</dd></div>
      {validations.length > 0 && <div><dt>{t("chart.validation")}</dt><dd>{value(check?.loss)}</dd></div>}
      {validations.some((one) => one.perplexity != null) && <div><dt>{t("chart.perplexity")}</dt><dd>{value(check?.perplexity)}</dd></div>}
    </dl>
  );
}

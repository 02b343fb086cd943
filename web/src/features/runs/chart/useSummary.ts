// What the loss curve shows, in a sentence: for those who do not see it, and for a quick look.
import { useTranslation } from "react-i18next";
import type { Point, Validation } from "@/features/runs/view/view";
import { formatLoss } from "@/features/runs/words/numbers";

export function useSummary(points: readonly Point[], validations: readonly Validation[]): string {
  const { t } = useTranslation("runs");
  const known = points.filter((point) => point.loss !== null);
  const first = known.at(0);
  const last = known.at(-1);
  if (first === undefined || last === undefined) return t("chart.nothing");
  const lowest = known.reduce((best, point) => ((point.loss ?? 0) < (best.loss ?? 0) ? point : best), first);
  const said = [
    t("chart.summary", {
      first: formatLoss(first.loss ?? 0),
      last: formatLoss(last.loss ?? 0),
      step: last.step.toLocaleString(),
      lowest: formatLoss(lowest.loss ?? 0),
      at: lowest.step.toLocaleString(),
    }),
  ];
  const check = validations.at(-1);
  if (check?.loss != null) {
    said.push(t("chart.summaryValidation", { loss: formatLoss(check.loss), step: check.step.toLocaleString() }));
  }
  return said.join(" ");
}

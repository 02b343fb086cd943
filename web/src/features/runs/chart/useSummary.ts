// What the loss curve shows, in a sentence: for those who do not see it, and for a quick look.
import { useTranslation } from "react-i18next";
import type { Point, Validation } from "@/features/runs/view/view";
import { formatLoss } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

/** Below this many points a tenth of them says nothing. */
const ENOUGH = 20;

export function useSummary(points: readonly Point[], validations: readonly Validation[]): string {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const losses = points.flatMap((point) => (point.loss === null ? [] : [point.loss]));
  const last = points.at(-1);
  if (last === undefined || losses.length === 0) return t("chart.nothing");
  const step = number(last.step);
  const tenth = Math.floor(losses.length / 10);
  const said = [
    losses.length < ENOUGH
      ? t("chart.summaryShort", { loss: formatLoss(mean(losses)), step })
      : t("chart.summary", { first: formatLoss(mean(losses.slice(0, tenth))), last: formatLoss(mean(losses.slice(-tenth))), step }),
  ];
  const check = validations.at(-1);
  if (check?.perplexity != null) said.push(t("chart.summaryPerplexity", { perplexity: formatLoss(check.perplexity), step: number(check.step) }));
  else if (check?.loss != null) said.push(t("chart.summaryValidation", { loss: formatLoss(check.loss), step: number(check.step) }));
  return said.join(" ");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

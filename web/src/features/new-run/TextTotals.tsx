// What a run on texts comes to: examples, tokens, and how much is cut.
import { useTranslation } from "react-i18next";
import type { TextPlan } from "@/api/types";
import classes from "@/features/new-run/Editor.module.css";
import { useFormat } from "@/lib/useFormat";

export function TextTotals({ plan, stale }: { plan: TextPlan | null; stale: boolean }) {
  const { t } = useTranslation("newRun");
  const { number, percent } = useFormat();
  const value = (of: (plan: TextPlan) => string) => (plan ? of(plan) : "–");
  const rows: [string, string][] = [
    [t("plan.examples"), value((one) => number(one.examples))],
    [t("plan.steps"), value((one) => number(one.total_steps))],
    [t("plan.passes"), value((one) => number(one.epochs, 1))],
    [t("plan.tokens"), value((one) => number(one.tokens))],
    [t("plan.learned"), value((one) => percent(one.tokens > 0 ? one.trained_tokens / one.tokens : 0))],
    [t("plan.longest"), value((one) => number(one.longest))],
  ];
  if (plan && plan.held_out > 0) rows.splice(1, 0, [t("plan.heldOut"), number(plan.held_out)]);
  return (
    <>
      <dl className={classes.totals} data-stale={stale || undefined}>
        {rows.map(([name, shown]) => <div key={name}><dt>{name}</dt><dd>{shown}</dd></div>)}
      </dl>
      {plan && plan.cut > 0 && (
        <p className={classes.soft}>{t("plan.cut", { count: plan.cut, share: percent(plan.cut_tokens / Math.max(1, plan.tokens + plan.cut_tokens)) })}</p>
      )}
    </>
  );
}

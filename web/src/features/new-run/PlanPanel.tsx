// What the choices come to, as the server counts it, what it will take, and the button that starts.
import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { Plan, Problem, TextPlan } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/new-run/Editor.module.css";
import { Problems } from "@/features/new-run/Problems";
import type { Start } from "@/features/new-run/useStart";
import { TextTotals } from "@/features/new-run/TextTotals";
import { useFormat } from "@/lib/useFormat";

interface Props {
  kind: Kind;
  checked: { data?: { plan: Plan | null; text_plan?: TextPlan | null; problems: Problem[]; notes: string[] }; error: Error | null; isPending: boolean; refetch: () => unknown };
  /** Whether the counts are of settings that have changed since. */
  stale: boolean;
  hasDataset: boolean;
  submit: Start;
  /** How much there is to look at before the start. */
  warnings: ReactNode;
  /** Another way to start; `ready` is whether the settings are. */
  more: (ready: boolean) => ReactNode;
  children: ReactNode;
}

export function PlanPanel({ kind, checked, stale, hasDataset, submit, warnings, more, children }: Props) {
  const { t } = useTranslation("newRun");
  const problems = (checked.data?.problems ?? []).filter((problem) => hasDataset || problem.key !== "dataset");
  const { plan = null, text_plan: textPlan = null } = checked.data ?? {};
  const ready = hasDataset && !stale && problems.length === 0 && (kind === "texts" ? textPlan : plan) !== null;
  return (
    <aside className={classes.plan} aria-labelledby="plan">
      <div className={classes.planBody}>
        <h2 id="plan">{t("plan.title")}</h2>
        {checked.error && <ErrorNote error={checked.error} small onRetry={() => void checked.refetch()} />}
        {checked.isPending && !checked.error ? <Skeleton height={170} /> : kind === "texts" ? <TextTotals plan={textPlan} stale={stale} /> : <Totals plan={plan} stale={stale} />}
        {children}
      </div>
      <div className={classes.planFoot}>
        <Problems problems={problems} />
        {submit.error && <ErrorNote error={submit.error} small />}
        {warnings}
        <Button size="lg" fullWidth disabled={!ready} loading={submit.pending} onClick={submit.go} aria-describedby="start-hint">{t("start")}</Button>
        <p id="start-hint" className={classes.soft}>{t(hasDataset ? "startHint" : kind === "texts" ? "chooseTexts" : "chooseDataset")}</p>
        {more(ready)}
      </div>
    </aside>
  );
}

function Totals({ plan, stale }: { plan: Plan | null; stale: boolean }) {
  const { t } = useTranslation("newRun");
  const { number } = useFormat();
  const rows: [string, string][] = [
    [t("plan.images"), plan ? number(plan.images) : "–"],
    [t("plan.steps"), plan ? number(plan.total_steps) : "–"],
    [t("plan.epochs"), plan ? number(plan.epochs, 1) : "–"],
    [t("plan.checkpoints"), plan ? number(plan.checkpoints.length) : "–"],
    [t("plan.samples"), plan ? t("plan.times", { count: plan.samples.length }) : "–"],
  ];
  if (plan && plan.held_out > 0) rows.splice(1, 0, [t("plan.heldOut"), number(plan.held_out)]);
  return (
    <>
      <dl className={classes.totals} data-stale={stale || undefined}>
        {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {plan && (
        <p className={classes.soft}>
          {t("plan.sizes")} {plan.buckets.map((bucket) => `${bucket.width}×${bucket.height} (${number(bucket.images)})`).join(", ")}
        </p>
      )}
    </>
  );
}

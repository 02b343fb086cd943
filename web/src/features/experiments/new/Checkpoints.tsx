// The LoRA of a run and its checkpoints, as boxes to tick; read when somebody wants them.
import { Button, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { type ChosenRun, type Draft, sameRun, toggled } from "@/features/experiments/asked/draft";
import classes from "@/features/experiments/new/New.module.css";
import { checkpointsQuery } from "@/features/runs/queries";
import { useFormat } from "@/lib/useFormat";

interface Props {
  run: Run;
  /** Whether something of it was chosen. */
  open: boolean;
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

export function Checkpoints({ run, open, draft, onChange }: Props) {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const [asked, setAsked] = useState(false);
  const query = useQuery({ ...checkpointsQuery(run.id), enabled: open || asked });
  const steps = [...(query.data?.items ?? [])].map((one) => one.step).sort((a, b) => a - b);
  const others = draft.runs.filter((one) => one.id !== run.id);
  const all: ChosenRun[] = steps.map((step) => ({ id: run.id, step }));
  const full = all.length > 0 && all.every((one) => draft.runs.some((other) => sameRun(one, other)));
  const box = (one: ChosenRun, label: string) => {
    const on = draft.runs.some((other) => sameRun(one, other));
    return (
      <label key={String(one.step)} className={classes.mark} data-checked={on || undefined}>
        <input type="checkbox" checked={on} onChange={() => onChange({ runs: toggled(draft.runs, one, sameRun) })} />
        {label}
      </label>
    );
  };
  if (query.error) return <ErrorNote error={query.error} small onRetry={() => void query.refetch()} />;
  return (
    <fieldset className={classes.marks}>
      <legend className={classes.hidden}>{t("new.ofRun", { name: run.name })}</legend>
      {run.lora && box({ id: run.id, step: null }, t("new.itsLora"))}
      {steps.map((step) => box({ id: run.id, step }, t("step", { step: number(step) })))}
      {query.isFetching && query.data === undefined && <Loader size="xs" />}
      {query.data === undefined && !query.isFetching && (
        <Button variant="default" size="compact-sm" onClick={() => setAsked(true)}>{t("new.showCheckpoints")}</Button>
      )}
      {query.data !== undefined && steps.length === 0 && !run.lora && <span className={classes.soft}>{t("new.noCheckpoints")}</span>}
      {steps.length > 1 && (
        <Button variant="subtle" size="compact-sm" onClick={() => onChange({ runs: full ? others : [...others, ...draft.runs.filter((one) => one.id === run.id && one.step === null), ...all] })}>
          {t(full ? "new.noneOfThem" : "new.everyCheckpoint")}
        </Button>
      )}
    </fieldset>
  );
}

// What it comes to, how long that takes, and the button that starts it.
import { Button, TextInput, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { ExperimentAsked } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { columnsOf, countCells, MOST_CELLS } from "@/features/experiments/asked/columns";
import type { Draft } from "@/features/experiments/asked/draft";
import { secondsACell } from "@/features/experiments/asked/time";
import classes from "@/features/experiments/new/New.module.css";
import type { Chosen } from "@/features/experiments/new/useChosen";
import { pastExperimentsQuery } from "@/features/experiments/queries";
import panel from "@/features/new-run/Editor.module.css";
import { roughly } from "@/features/runs/words/useTimes";
import { useFormat } from "@/lib/useFormat";

interface Props {
  draft: Draft;
  asked: ExperimentAsked;
  chosen: Chosen;
  create: { isPending: boolean; error: Error | null };
  onStart: () => void;
  onName: (name: string) => void;
}

export function CountPanel({ draft, asked, chosen, create, onStart, onName }: Props) {
  const { t } = useTranslation("experiments");
  const { duration, number } = useFormat();
  const past = useQuery(pastExperimentsQuery).data?.items ?? [];
  const texts = chosen.kind === "texts";
  const columns = columnsOf(asked).length;
  const cells = countCells(asked);
  const each = secondsACell(past, chosen.kind, chosen.baseName);
  const lacks = chosen.pending && draft.prompts === null ? "reading" : whyNot(asked, draft, chosen, cells);
  const count = t(texts ? "answersCount" : "picturesCount", { count: cells, shown: number(cells) });
  const rows: [string, number][] = [[t("axis.column"), columns], [t(texts ? "axis.question" : "axis.prompt"), asked.prompts.length], [t("axis.seed"), asked.seeds.length]];
  return (
    <aside className={panel.plan} aria-labelledby="count">
      <div className={panel.planBody}>
        <h2 id="count">{t("new.count")}</h2>
        <p className={classes.big}>
          {lacks === "reading" ? "…" : count}
          <small>{cells === 0 ? "" : each === null ? t("new.timeUnknown") : t("new.about", { time: duration(roughly(each * cells)) })}</small>
        </p>
        <VisuallyHidden role="status">{count}</VisuallyHidden>
        <dl className={panel.totals}>
          {rows.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{number(value)}</dd></div>)}
        </dl>
        <TextInput label={t("new.name")} placeholder={t("new.nameHint")} value={draft.name} maxLength={200} onChange={(event) => onName(event.currentTarget.value)} />
      </div>
      <div className={panel.planFoot}>
        {create.error && <ErrorNote error={create.error} small />}
        <Button size="lg" fullWidth disabled={lacks !== null} loading={create.isPending} onClick={onStart} aria-describedby="start-hint">{t("new.start")}</Button>
        <p id="start-hint" className={panel.soft}>{lacks === null ? t("new.startHint") : t(`new.lacks.${lacks}`, { most: number(MOST_CELLS) })}</p>
      </div>
    </aside>
  );
}

/** What is still to be done before it can start. */
function whyNot(asked: ExperimentAsked, draft: Draft, chosen: Chosen, cells: number) {
  if (chosen.misfits.length > 0) return "mixed";
  if (asked.candidates.length === 0) return "candidates";
  if (draft.loras.length + draft.runs.length === 0 && asked.bases.length < 2 && asked.samplers.length < 2) return "other";
  if (asked.strengths.length === 0) return "strengths";
  if (asked.prompts.length === 0) return "prompts";
  if (asked.prompts.length > 50) return "tooManyPrompts";
  return cells > MOST_CELLS ? "tooMany" : null;
}

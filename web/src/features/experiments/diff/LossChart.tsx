// The losses of runs over each other, smoothed alike; a chunk of its own.
import { Slider, Switch } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import { overlaid } from "@/features/experiments/diff/curves";
import classes from "@/features/experiments/diff/Diff.module.css";
import type { Line } from "@/features/runs/chart/options";
import { Plot } from "@/features/runs/chart/Plot";
import type { Past } from "@/features/runs/queries";
import { reduceEvents } from "@/features/runs/view/reduce";
import { smooth } from "@/features/runs/view/smooth";
import { EMPTY_VIEW } from "@/features/runs/view/view";
import { formatLoss, formatTick } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

/** Colour and dashes: either tells the runs apart. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const lineOf = (n: number): Line => ({ colour: `--loom-run-${(n % 6) + 1}`, width: 2, dash: DASHES[Math.floor(n / 2) % DASHES.length] });

interface Props {
  runs: readonly Run[];
  /** In the order of `runs`; undefined while they are read. */
  pasts: readonly (Past | undefined)[];
}

export default function LossChart({ runs, pasts }: Props) {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const [amount, setAmount] = useState(0.8);
  const [log, setLog] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const smoothing = useDeferredValue(amount);
  const views = useMemo(() => pasts.map((past) => (past ? reduceEvents(EMPTY_VIEW, past.items).points : [])), [pasts]);
  const columns = useMemo(() => overlaid(views.map((points) => ({ steps: points.map((point) => point.step), losses: smooth(points, smoothing) }))), [views, smoothing]);
  const lines = useMemo(() => runs.map((_, n) => lineOf(n)), [runs]);
  const [steps, ...losses] = columns;
  const end = Math.max(1, steps.at(-1) ?? 1);
  const lossAt = (n: number): string => {
    const column = losses[n] ?? [];
    const upTo = cursor === null ? column.length - 1 : steps.findLastIndex((step) => step <= cursor);
    const found = column.slice(0, upTo + 1).findLast((loss) => loss != null);
    return found == null ? "–" : formatLoss(found);
  };
  const summary = runs.map((run, n) => t("diff.lossOf", { name: run.name, loss: lossAt(n) })).join(t("and"));
  return (
    <div className={classes.chart}>
      <div className={classes.chartTools}>
        <Switch size="sm" label={t("diff.log")} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
        <span className={classes.soft}>{t("diff.smoothing")}</span>
        <Slider thumbLabel={t("diff.smoothing")} className={classes.slider} size="sm" label={null} min={0} max={0.98} step={0.02} value={amount} onChange={setAmount} />
      </div>
      <Plot label={summary} columns={columns} lines={lines} height={20} end={end} format={formatTick} log={log} syncKey="run-diff" onCursor={setCursor} />
      <p className={classes.soft}>{cursor === null ? t("diff.atEnd") : t("diff.atStep", { step: number(cursor) })}</p>
      <ul className={classes.legend}>
        {runs.map((run, n) => (
          <li key={run.id}>
            <svg width="30" height="8" aria-hidden="true">
              <line x1="0" x2="30" y1="4" y2="4" stroke={`var(${lineOf(n).colour})`} strokeWidth="2.5" strokeDasharray={lineOf(n).dash?.join(" ")} />
            </svg>
            {run.name} <b>{lossAt(n)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

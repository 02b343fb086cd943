// Time and memory of runs beside each other.
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import { StateBadge } from "@/components/StateBadge";
import classes from "@/features/experiments/diff/Diff.module.css";
import { formatLoss, formatStepTime } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

export function RunFigures({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation("experiments");
  const { bytes, duration, language, number } = useFormat();
  const took = (run: Run) => {
    const seconds = (Date.parse(run.ended_at ?? "") - Date.parse(run.started_at ?? "")) / 1000;
    return seconds > 0 ? seconds : null;
  };
  const rows: [string, (run: Run) => React.ReactNode][] = [
    [t("diff.state"), (run) => <StateBadge state={run.state} />],
    [t("diff.steps"), (run) => (run.total_steps ? `${number(run.step)} / ${number(run.total_steps)}` : number(run.step))],
    [t("diff.time"), (run) => maybe(took(run), duration)],
    [t("diff.stepTime"), (run) => maybe(run.step_seconds, (seconds) => formatStepTime(seconds, language))],
    [t("diff.memory"), (run) => maybe(run.peak_memory_bytes, bytes)],
    [t("diff.lastLoss"), (run) => maybe(run.loss, formatLoss)],
    [t("diff.device"), (run) => run.device ?? "–"],
  ];
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div className={classes.sheet} tabIndex={0} role="region" aria-labelledby="figures">
      <table className={classes.table}>
        <thead><tr><th scope="col" />{runs.map((run) => <th key={run.id} scope="col">{run.name}</th>)}</tr></thead>
        <tbody>
          {rows.map(([label, of]) => <tr key={label}><th scope="row">{label}</th>{runs.map((run) => <td key={run.id}>{of(run)}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

const maybe = (value: number | null | undefined, format: (value: number) => string): string => (value == null ? "–" : format(value));

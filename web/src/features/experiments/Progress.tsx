// While it goes: what it does, how many are there, how long the rest takes.
import { Progress as Bar, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Experiment, Run } from "@/api/types";
import { TimeAgo } from "@/components/Format";
import { secondsLeft } from "@/features/experiments/asked/time";
import classes from "@/features/experiments/Experiment.module.css";
import { isOver } from "@/features/runs/view/progress";
import { roughly, useTimes } from "@/features/runs/words/useTimes";
import { useFormat } from "@/lib/useFormat";

export function Progress({ run, experiment }: { run: Run; experiment: Experiment }) {
  const { t } = useTranslation("experiments");
  const { duration, number } = useFormat();
  const times = useTimes();
  if (isOver(run.state) && run.state !== "cancelled") return null;
  const texts = experiment.experiment.kind === "texts";
  const all = experiment.cells.length;
  const done = experiment.cells.filter((cell) => cell.there).length;
  const left = run.eta_seconds ?? secondsLeft(experiment.cells);
  const now = () => {
    if (run.wish === "pause" || run.wish === "cancel") return t(`now.${run.wish}`);
    if (run.state === "queued") return (experiment.experiment.after ?? []).length > 0 ? t("now.after", { count: experiment.experiment.after?.length }) : t("now.queued");
    if (run.state === "paused" || run.state === "cancelled" || run.state === "lost") return t(`now.${run.state}`);
    if (run.stage === "measuring") return t("now.measuring");
    if (run.stage === "loading" || run.state === "preparing") return t("now.loading");
    return t(texts ? "now.answering" : "now.drawing");
  };
  const words = now();
  const measuring = run.stage === "measuring" && Boolean(run.stage_total);
  const share = measuring ? (run.stage_done ?? 0) / (run.stage_total ?? 1) : done / Math.max(1, all);
  const going = run.state === "running" || run.state === "preparing";
  const rest = () => {
    if (run.state === "queued") return times.waits(run);
    if (going && left !== null && !measuring && done < all) return t("left", { time: duration(roughly(left)) });
    return going && run.started_at ? <>{t("begun")} <TimeAgo time={run.started_at} /></> : "";
  };
  return (
    <section className={classes.progress} aria-label={t("progress")}>
      <p className={classes.progressWords}>
        <strong>{words}</strong>
        <span>{measuring ? t("doneOf", { done: number(run.stage_done ?? 0), total: number(run.stage_total ?? 0) }) : t(texts ? "answersOf" : "picturesOf", { done: number(done), total: number(all) })}</span>
        <span className={classes.rest}>{rest()}</span>
      </p>
      <Bar value={share * 100} color="var(--loom-accent)" className={classes.bar} aria-label={t("progress")} />
      <VisuallyHidden role="status" aria-live="polite">{words}</VisuallyHidden>
    </section>
  );
}

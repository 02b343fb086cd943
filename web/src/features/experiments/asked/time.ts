/** How long an experiment will take, from those that have gone before. */
import type { ExperimentSummary } from "@/api/types";

type Past = Pick<ExperimentSummary, "kind" | "cells"> & { run: Pick<ExperimentSummary["run"], "base_model" | "started_at" | "ended_at" | "state"> };

/** Seconds a cell took in the newest finished experiment on this base; null where there was none. */
export function secondsACell(past: readonly Past[], kind: ExperimentSummary["kind"], base: string | undefined): number | null {
  for (const { run, cells, kind: other } of past) {
    if (other !== kind || run.base_model !== base || run.state !== "finished" || cells === 0) continue;
    const seconds = (Date.parse(run.ended_at ?? "") - Date.parse(run.started_at ?? "")) / 1000;
    if (seconds > 0) return seconds / cells;
  }
  return null;
}

/** Seconds that are left, by how long the cells took that are there; null before the first. */
export function secondsLeft(cells: readonly { there: boolean; seconds: number }[]): number | null {
  const done = cells.filter((cell) => cell.there);
  const took = done.reduce((sum, cell) => sum + cell.seconds, 0);
  return took > 0 ? (took / done.length) * (cells.length - done.length) : null;
}

/** Points -> the columns that uPlot draws. */

import type { Point, Validation } from "@/features/runs/view/view";

type Column = (number | null | undefined)[];
export type Columns = [number[], ...Column[]];

/** Step, raw loss, smoothed loss, validation loss: the steps of both kinds of points, merged. */
export function lossColumns(points: readonly Point[], smoothed: readonly (number | null)[], checks: readonly Validation[]): Columns {
  const steps: number[] = [];
  const raw: Column = [];
  const calm: Column = [];
  const held: Column = [];
  let next = 0;
  const only = (check: Validation) => {
    steps.push(check.step);
    raw.push(undefined);
    calm.push(undefined);
    held.push(check.loss);
  };
  points.forEach((point, index) => {
    for (let check = checks[next]; check !== undefined && check.step < point.step; check = checks[++next]) only(check);
    const here = checks[next];
    const both = here?.step === point.step;
    steps.push(point.step);
    raw.push(point.loss);
    calm.push(smoothed[index]);
    held.push(both ? here.loss : undefined);
    if (both) next += 1;
  });
  checks.slice(next).forEach(only);
  return [steps, raw, calm, held];
}

export function columnsOf(points: readonly Point[], ...keys: ("lr" | "memory" | "peak" | "seconds")[]): Columns {
  return [points.map((point) => point.step), ...keys.map((key) => points.map((point) => point[key]))];
}

/** Step and perplexity of what is held out; empty where nobody measures it. */
export function perplexityColumns(checks: readonly Validation[]): Columns {
  const known = checks.filter((check) => check.perplexity != null);
  return [known.map((check) => check.step), known.map((check) => check.perplexity)];
}

/** Where the x axis ends: an eighth, a quarter, half or all of the run, so that it moves three times at most. */
export function axisEnd(step: number, total: number): number {
  if (total <= 0) return Math.max(step, 1);
  const rungs = [8, 4, 2, 1].map((part) => total / part);
  return Math.max(rungs.find((rung) => rung >= step) ?? step, 1);
}

/** At most `count` of a list, evenly spaced, the first and the last among them: the table beside the chart. */
export function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  const wanted = new Set(Array.from({ length: count }, (_, i) => Math.round((i * (list.length - 1)) / (count - 1))));
  return list.filter((_, index) => wanted.has(index));
}

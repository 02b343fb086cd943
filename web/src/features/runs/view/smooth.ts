/** The smoothed loss: an exponential average, weighted by how far apart the points are, without a bias at the start. */

import type { Point } from "@/features/runs/view/view";

/** `amount` is 0 (raw) to below 1. Where the server thinned the points, one gap counts as one usual gap does. */
export function smooth(points: readonly Point[], amount: number): (number | null)[] {
  const usual = usualGap(points);
  let sum = 0;
  let weight = 0;
  let before: number | null = null;
  return points.map((point) => {
    if (point.loss === null) return null;
    const gaps = before === null ? 1 : (point.step - before) / usual;
    const decay = amount <= 0 ? 0 : amount ** Math.max(gaps, 0.01);
    before = point.step;
    sum = decay * sum + (1 - decay) * point.loss;
    weight = decay * weight + (1 - decay);
    return sum / weight;
  });
}

function usualGap(points: readonly Point[]): number {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return 1;
  return Math.max(1, (last.step - first.step) / (points.length - 1));
}

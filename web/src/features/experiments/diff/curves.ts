/** The loss of several runs over the same steps. */
import type { Columns } from "@/features/runs/chart/columns";

interface Curve {
  steps: readonly number[];
  losses: readonly (number | null | undefined)[];
}

/** One column of steps that holds those of all, then one of losses a run. */
export function overlaid(curves: readonly Curve[]): Columns {
  const steps = [...new Set(curves.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, n) => [step, n]));
  const losses = curves.map((curve) => {
    const column: (number | null | undefined)[] = Array.from({ length: steps.length });
    curve.steps.forEach((step, n) => (column[place.get(step) ?? 0] = curve.losses[n]));
    return column;
  });
  return [steps, ...losses];
}

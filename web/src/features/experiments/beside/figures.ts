/** What was measured, as a table: which figures there are and which column is best in each. */
import type { Measured } from "@/api/types";

export const FIGURES = ["adherence", "style", "diversity", "nearest", "leak", "perplexity"] as const;
export type Figure = (typeof FIGURES)[number];

/** Whether more is better. Likeness to what was trained on, and leak, have no best: the base would always win. */
const MORE: Record<Figure, boolean | null> = { adherence: true, style: false, diversity: true, nearest: null, leak: null, perplexity: false };

/** A picture that is as like as this to one that was trained on is nearly a copy: as the server's `jobs.proposal` has it. */
export const COPY = 0.93;

export const figuresOf = (measured: readonly Measured[]): Figure[] => FIGURES.filter((figure) => measured.some((one) => one[figure] != null));

/** The numbers of the columns that are best, as far as two digits tell; none where all are the same. */
export function bestOf(measured: readonly Measured[], figure: Figure): Set<number> {
  const more = MORE[figure];
  if (more === null) return new Set();
  const known = measured.flatMap((one) => (one[figure] == null ? [] : [{ column: one.column, value: Number(one[figure].toFixed(2)) }]));
  if (new Set(known.map((one) => one.value)).size < 2) return new Set();
  const best = (more ? Math.max : Math.min)(...known.map((one) => one.value));
  return new Set(known.filter((one) => one.value === best).map((one) => one.column));
}

/** Where a score and its interval stand on a line that holds them all. */

interface Scored {
  low: number;
  high: number;
}

export interface Scale {
  /** Parts of the line's width, 0 to 1. */
  at: (value: number) => number;
  /** Where the mean of all stands. */
  zero: number;
}

/** A little room at both ends; zero is always on the line. */
export function scaleOf(items: readonly Scored[]): Scale {
  const low = Math.min(0, ...items.map((one) => one.low));
  const high = Math.max(0, ...items.map((one) => one.high));
  const room = (high - low || 1) * 0.04;
  const at = (value: number) => (value - low + room) / (high - low + 2 * room || 1);
  return { at, zero: at(0) };
}

/** How often the first is preferred to the second, by the strengths of Bradley and Terry (log odds). */
export const chance = (first: number, second: number): number => 1 / (1 + Math.exp(second - first));

// From a forecast to the widths of its bars.
import type { Forecast } from "@/api/types";

/** What stays and is large comes first, what nobody asked for last. */
export const PARTS = ["base", "adapter", "gradients", "optimizer", "activations", "working", "cache", "slack", "runtime"] as const;
export const STAGES = ["loading", "caching", "training", "sampling", "exporting"] as const;

export type Part = (typeof PARTS)[number];
export type Stage = (typeof STAGES)[number];

export interface Piece<Name extends string = string> {
  name: Name;
  value: number;
  /** Percent of the whole width. */
  width: number;
}

export interface Bar<Name extends string = string> {
  pieces: Piece<Name>[];
  /** Percent beyond the pieces to the upper end of the range. */
  spread: number;
  /** Where the free memory ends, in percent; null where the bar ends before it, or nobody knows. */
  limit: number | null;
}

/** Room to the right of whatever is longest, so that the line of the limit is never at the edge. */
const MARGIN = 1.04;

const share = (value: number, whole: number): number => (whole > 0 ? (100 * value) / whole : 0);

/** The stage that needs the most memory: it decides. */
export function peakOf({ memory }: Forecast): Forecast["memory"][number] | undefined {
  const height = (one: Forecast["memory"][number]) => Object.values(one.parts).reduce((sum, bytes) => sum + bytes, 0);
  return memory.reduce<Forecast["memory"][number] | undefined>((best, one) => (best === undefined || height(one) > height(best) ? one : best), undefined);
}

/** Where so much is free that the need would be a speck, the bar ends earlier: at a round size, which a change of the settings
 * does not move. */
const ROOMY = 3;

function lengthOf(need: number, free: number): number {
  const size = 10 ** Math.floor(Math.log10(need * 1.25));
  const round = [1, 2, 5, 10].map((factor) => factor * size).find((one) => one >= need * 1.25) ?? need;
  return need > 0 && free > need * ROOMY ? Math.min(round, free * MARGIN) : Math.max(need, free) * MARGIN;
}

/** Every part has its piece, also one of no bytes: pieces that come and go could not move. The parts fill the forecast's middle,
 * whatever they add up to. */
export function memoryBar(forecast: Forecast): Bar<Part> {
  const { p50, p90 } = forecast.peak_memory_bytes;
  const free = forecast.free_memory_bytes;
  const parts = peakOf(forecast)?.parts ?? {};
  const sum = PARTS.reduce((whole, name) => whole + (parts[name] ?? 0), 0);
  const whole = lengthOf(Math.max(p50, p90), free);
  const pieces = PARTS.map((name) => {
    const value = sum > 0 ? ((parts[name] ?? 0) * p50) / sum : name === "runtime" ? p50 : 0;
    return { name, value, width: share(value, whole) };
  });
  return { pieces, spread: share(Math.max(0, p90 - p50), whole), limit: free > 0 && free <= whole ? share(free, whole) : null };
}

export function timeBar({ stages }: Pick<Forecast, "stages">): Bar<Stage> {
  const values = STAGES.map((name) => ({ name, value: stages.filter((one) => one.stage === name).reduce((sum, one) => sum + one.seconds, 0) }));
  const whole = values.reduce((sum, { value }) => sum + value, 0);
  return { pieces: values.map((one) => ({ ...one, width: share(one.value, whole) })), spread: 0, limit: null };
}

/** To two digits that count or so: what a forecast is worth, and fine enough to tell two settings apart. */
export function aboutSeconds(seconds: number): number {
  const grain = seconds < 10 ? 0.1 : seconds < 60 ? 1 : seconds < 600 ? 5 : seconds < 3600 ? 30 : seconds < 36_000 ? 300 : 1800;
  return Math.round(seconds / grain) * grain;
}

/** Half the range against its middle: 0.1 says ±10 %. */
export function uncertainty({ p10, p50, p90 }: Forecast["seconds"]): number {
  return p50 > 0 ? (p90 - p10) / 2 / p50 : 0;
}

// What is kept as it is edited: figures as they are typed, nothing where nothing goes.
import type { Lifecycle } from "@/api/types";

export type Key = keyof Lifecycle;
export type Draft = Record<Key, number | string>;

/** `each`: how many of the server's units one of the field's is. */
interface Bounds {
  least: number;
  most: number;
  each: number;
}

const DAYS: Bounds = { least: 0, most: 36_500, each: 1 };
export const BOUNDS: Record<Key, Bounds> = {
  checkpoints_days: DAYS,
  samples_days: DAYS,
  run_caches_days: DAYS,
  cache_bytes: { least: 0, most: 1_000_000, each: 1e9 },
  blobs_grace_hours: { least: 1, most: 876_000, each: 1 },
};
export const KEYS = Object.keys(BOUNDS) as Key[];

const each = <T>(make: (key: Key) => T) => Object.fromEntries(KEYS.map((key) => [key, make(key)])) as Record<Key, T>;

export const draftOf = (kept: Lifecycle): Draft => each((key) => (kept[key] == null ? "" : kept[key] / BOUNDS[key].each));

/** What is sent: bytes are whole. */
export const keptOf = (draft: Draft): Lifecycle =>
  each((key) => (draft[key] === "" ? null : key === "cache_bytes" ? Math.round(Number(draft[key]) * BOUNDS[key].each) : Number(draft[key])));

/** Whether the server would not take it. */
export function isWrong(key: Key, value: number | string): boolean {
  const { least, most } = BOUNDS[key];
  return value !== "" && !(Number(value) >= least && Number(value) <= most);
}

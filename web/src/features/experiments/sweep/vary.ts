/** The settings that a sweep tries: lists of values as they are written, and how many runs they come to. */
import { flatten, nest, type Nested } from "@/features/new-run/form/nested";

export const KEYS = ["lora.rank", "optimizer.learning_rate", "training.steps", "training.epochs"] as const;
export type Key = (typeof KEYS)[number];
export const MOST_KEYS = 3;
/** More than this nobody waits for. */
export const MOST_RUNS = 24;

/** Of two that exclude each other, the other. */
export function rivalOf(key: Key): Key | undefined {
  if (key === "training.steps") return "training.epochs";
  return key === "training.epochs" ? "training.steps" : undefined;
}

/** The config without what a varied setting excludes. */
export function configFor(config: Nested, varied: readonly Key[]): Nested {
  const emptied = varied.flatMap((key) => rivalOf(key) ?? []).map((key) => [key, null] as const);
  return nest({ ...flatten(config), ...Object.fromEntries(emptied) });
}

/** Numbers of a text: "4, 8 16" and "1e-4；2e-4" alike; null where something is none. */
export function valuesFrom(text: string, whole: boolean): number[] | null {
  const parts = text.split(/[\s,;，；、]+/).filter(Boolean);
  const values = parts.map(Number);
  if (values.some((value) => !Number.isFinite(value) || value <= 0 || (whole && !Number.isInteger(value)))) return null;
  return [...new Set(values)];
}

export const isWhole = (key: Key): boolean => key !== "optimizer.learning_rate";

/** Every combination is a run. */
export const runsOf = (vary: Readonly<Record<string, readonly number[]>>): number =>
  Object.values(vary).reduce((product, values) => product * values.length, 1);

// Finished runs as rows: what was told before the start, what it took, and how far apart the two are.
import type { Forecast, Outcome } from "@/api/types";
import { STAGES } from "@/features/forecast/bars";

export interface Row {
  id: string;
  name: string;
  time: string;
  device: string;
  base: string;
  source: Forecast["source"] | null;
  secondsTold: number | null;
  secondsTook: number | null;
  /** Of the truth: 0.1 says that the forecast was 10 % too high. */
  secondsError: number | null;
  secondsInside: boolean | null;
  memoryTold: number | null;
  memoryTook: number | null;
  memoryError: number | null;
  memoryInside: boolean | null;
}

export type Column = Exclude<keyof Row, "id" | "secondsInside" | "memoryInside">;
export interface Order {
  by: Column;
  down: boolean;
}

interface Between {
  p10: number;
  p50: number;
  p90: number;
}

export function rowOf({ id, name, time, device, base_model, told, took }: Outcome): Row {
  const seconds = took.seconds ?? sum(STAGES.map((stage) => took[stage]));
  const memory = took.peak_memory_bytes ?? null;
  return {
    id, name, time, device, base: base_model, source: told?.source ?? null,
    secondsTold: told?.seconds.p50 ?? null, secondsTook: seconds, secondsError: error(told?.seconds, seconds), secondsInside: inside(told?.seconds, seconds),
    memoryTold: told?.peak_memory_bytes.p50 ?? null, memoryTook: memory, memoryError: error(told?.peak_memory_bytes, memory), memoryInside: inside(told?.peak_memory_bytes, memory),
  };
}

function sum(values: (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : known.reduce((whole, value) => whole + value, 0);
}

export function error(told: Between | null | undefined, took: number | null): number | null {
  return told == null || took === null || took <= 0 ? null : told.p50 / took - 1;
}

export function inside(told: Between | null | undefined, took: number | null): boolean | null {
  return told == null || took === null ? null : told.p10 <= took && took <= told.p90;
}

/** What is not known stands last, whichever way; errors by their size. */
export function sorted(rows: readonly Row[], { by, down }: Order): Row[] {
  const keyOf = (row: Row) => (by === "secondsError" || by === "memoryError" ? (row[by] === null ? null : Math.abs(row[by])) : row[by]);
  return [...rows].sort((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const apart = typeof x === "string" || typeof y === "string" ? String(x).localeCompare(String(y)) : x - y;
    return down ? -apart : apart;
  });
}

// A measurement as its lines arrive: what is measured now, what came out, how it ended.
import type { Forecast, ProbeLine } from "@/api/types";

export interface Tried {
  batch: number;
  /** Seconds and bytes; null where memory ran out. */
  seconds: number | null;
  memory: number | null;
}

export interface Probe {
  state: "running" | "done" | "failed" | "cancelled";
  /** The batch that is measured now. */
  now: number | null;
  tried: readonly Tried[];
  largest: number | null;
  forecast: Forecast | null;
  error: { code: string; message: string; hint: string } | null;
}

export const BEGUN: Probe = { state: "running", now: null, tried: [], largest: null, forecast: null, error: null };

export function told(probe: Probe, line: ProbeLine): Probe {
  const batch = line.batch_size ?? probe.now;
  switch (line.event) {
    case "trying":
      return { ...probe, now: batch };
    case "measured":
    case "failed": {
      if (batch === null) return probe;
      const failed = line.event === "failed";
      const tried: Tried = { batch, seconds: failed ? null : (line.step_seconds ?? null), memory: failed ? null : (line.peak_memory_bytes ?? null) };
      return { ...probe, now: null, tried: [...probe.tried.filter((one) => one.batch !== batch), tried] };
    }
    case "done":
      return { ...probe, state: "done", now: null, largest: line.largest_batch ?? null, forecast: line.forecast ?? null };
    case "error":
      return { ...probe, state: "failed", now: null, error: { code: line.code ?? "internal", message: line.message ?? "", hint: line.hint ?? "" } };
  }
}

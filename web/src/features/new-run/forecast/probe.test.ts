import { expect, it } from "vitest";
import type { ProbeLine } from "@/api/types";
import { BEGUN, type Probe, told } from "@/features/new-run/forecast/probe";

const after = (...lines: ProbeLine[]): Probe => lines.reduce(told, BEGUN);

it("says what it measures now, and keeps what came out", () => {
  const first = after({ event: "trying", batch_size: 2 });
  expect(first).toMatchObject({ state: "running", now: 2, tried: [] });
  const next = told(first, { event: "measured", batch_size: 2, step_seconds: 0.5, peak_memory_bytes: 1e9 });
  expect(next).toMatchObject({ now: null, tried: [{ batch: 2, seconds: 0.5, memory: 1e9 }] });
});

it("takes a line without its batch for the one that is measured", () => {
  expect(after({ event: "trying", batch_size: 4 }, { event: "failed" }).tried).toEqual([{ batch: 4, seconds: null, memory: null }]);
  expect(after({ event: "measured", step_seconds: 1 })).toEqual(BEGUN);
});

it("keeps the last of two measurements of one batch", () => {
  const probe = after({ event: "measured", batch_size: 1, step_seconds: 9 }, { event: "measured", batch_size: 2 }, { event: "measured", batch_size: 1, step_seconds: 1 });
  expect(probe.tried.map(({ batch, seconds }) => [batch, seconds])).toEqual([[2, null], [1, 1]]);
});

it("ends with the largest batch, or with an error that has a code", () => {
  expect(after({ event: "trying", batch_size: 8 }, { event: "failed", batch_size: 8 }, { event: "done", largest_batch: 6 })).toMatchObject({ state: "done", now: null, largest: 6 });
  expect(after({ event: "error", code: "out_of_memory", message: "No.", hint: null })).toMatchObject({ state: "failed", error: { code: "out_of_memory", message: "No.", hint: "" } });
  expect(after({ event: "error" }).error?.code).toBe("internal");
});

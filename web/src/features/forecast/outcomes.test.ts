import { describe, expect, it } from "vitest";
import { error, inside, type Row, rowOf, sorted } from "@/features/forecast/outcomes";
import type { Outcome } from "@/api/types";

const told = { seconds: { p10: 90, p50: 100, p90: 120 }, peak_memory_bytes: { p10: 1e9, p50: 2e9, p90: 3e9 }, source: "history" };
const outcome = (part: Partial<Outcome>) =>
  ({ id: "r", name: "Ink", time: "2026-01-02T03:04:05Z", device: "cpu", family: "sd1", base_model: "thimble", took: {}, lowered: {}, ...part }) as Outcome;

describe("rowOf", () => {
  it("compares what was told with what it took", () => {
    const row = rowOf(outcome({ told: told as Outcome["told"], took: { seconds: 125, peak_memory_bytes: 2e9 } }));
    expect(row).toMatchObject({ source: "history", secondsTold: 100, secondsTook: 125, secondsInside: false, memoryError: 0, memoryInside: true });
    expect(row.secondsError).toBeCloseTo(-0.2);
  });

  it("adds up the stages where the whole is not said, and knows nothing of what was not told", () => {
    expect(rowOf(outcome({ took: { loading: 2, training: 30, step: 0.5 } }))).toMatchObject({ secondsTook: 32, secondsError: null, secondsInside: null, memoryTook: null });
    expect(rowOf(outcome({})).secondsTook).toBeNull();
  });
});

it("counts the ends of a range in", () => {
  expect([90, 120, 89, 121].map((took) => inside(told.seconds, took))).toEqual([true, true, false, false]);
  expect(error(told.seconds, 0)).toBeNull();
});

describe("sorted", () => {
  const rows = [{ id: "a", name: "b", secondsError: -0.5 }, { id: "b", name: "a", secondsError: null }, { id: "c", name: "c", secondsError: 0.1 }] as Row[];
  const ids = (by: "name" | "secondsError", down: boolean) => sorted(rows, { by, down }).map((row) => row.id).join("");

  it("goes both ways, errors by their size and the unknown last", () => {
    expect([ids("name", false), ids("name", true)]).toEqual(["bac", "cab"]);
    expect([ids("secondsError", false), ids("secondsError", true)]).toEqual(["cab", "acb"]);
  });
});

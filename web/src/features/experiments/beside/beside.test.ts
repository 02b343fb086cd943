import { expect, it } from "vitest";
import { bestOf, figuresOf } from "@/features/experiments/beside/figures";
import { chance, scaleOf } from "@/features/experiments/beside/ranking";
import { overlaid } from "@/features/experiments/diff/curves";
import { configFor, runsOf, valuesFrom } from "@/features/experiments/sweep/vary";

it("shows only figures that were measured", () => {
  expect(figuresOf([{ column: 0, adherence: null }, { column: 1, adherence: 0.2, leak: 0 }])).toEqual(["adherence", "leak"]);
});

it("knows which way is better, and names nobody where all are alike", () => {
  const measured = [{ column: 0, adherence: 0.3, style: 0.5, nearest: 0.1 }, { column: 1, adherence: 0.2, style: 0.4, nearest: 0.9 }, { column: 2, adherence: 0.301, style: 0.6 }];
  expect(bestOf(measured, "adherence")).toEqual(new Set([0, 2]));
  expect(bestOf(measured, "style")).toEqual(new Set([1]));
  expect(bestOf(measured, "nearest")).toEqual(new Set());
  expect(bestOf([{ column: 0, style: 0.501 }, { column: 1, style: 0.499 }], "style")).toEqual(new Set());
});

it("puts every interval and zero on the line", () => {
  const scale = scaleOf([{ low: 0.5, high: 1.5 }, { low: 0.2, high: 0.9 }]);
  for (const value of [0, 0.2, 1.5]) {
    expect(scale.at(value)).toBeGreaterThan(0);
    expect(scale.at(value)).toBeLessThan(1);
  }
  expect(scale.zero).toBe(scale.at(0));
  expect(scaleOf([]).zero).toBeCloseTo(0.5);
});

it("says how often the first wins", () => {
  expect(chance(1, 1)).toBe(0.5);
  expect(chance(Math.log(3), 0)).toBeCloseTo(0.75);
});

it("lays curves over each other on the steps of all", () => {
  const [steps, ...losses] = overlaid([{ steps: [1, 3], losses: [0.5, 0.3] }, { steps: [2, 3], losses: [0.4, null] }, { steps: [], losses: [] }]);
  expect(steps).toEqual([1, 2, 3]);
  expect(losses).toEqual([[0.5, undefined, 0.3], [undefined, 0.4, null], [undefined, undefined, undefined]]);
});

it("reads values as they are written", () => {
  expect(valuesFrom("4, 8 16；8", true)).toEqual([4, 8, 16]);
  expect(valuesFrom("1e-4;0.0002", false)).toEqual([0.0001, 0.0002]);
  expect(valuesFrom("1.5", true)).toBeNull();
  expect(valuesFrom("4, x", true)).toBeNull();
  expect(valuesFrom("-1", false)).toBeNull();
});

it("makes a run of every combination, and takes out what steps exclude", () => {
  expect(runsOf({ "lora.rank": [4, 8], "training.steps": [100, 200, 300] })).toBe(6);
  expect(configFor({ name: "x", training: { epochs: 4, batch_size: 1 } }, ["training.steps"])).toEqual({ name: "x", training: { epochs: null, batch_size: 1 } });
});

import { describe, expect, it } from "vitest";
import { axisEnd, lossColumns, perplexityColumns, spread } from "@/features/runs/chart/columns";
import type { Point } from "@/features/runs/view/view";

const point = (step: number): Point => ({ seq: step, step, loss: step / 10, lr: 0, seconds: 0, memory: 0, peak: 0 });

describe("lossColumns", () => {
  it("merges validation into the steps, at a step of its own or at one that is there", () => {
    const points = [point(1), point(3), point(4)];
    const checks = [2, 4, 9].map((step) => ({ seq: step, step, loss: 1 }));
    expect(lossColumns(points, [0.1, 0.2, 0.3], checks)).toEqual([
      [1, 2, 3, 4, 9],
      [0.1, undefined, 0.3, 0.4, undefined],
      [0.1, undefined, 0.2, 0.3, undefined],
      [undefined, 1, undefined, 1, 1],
    ]);
  });
});

it("draws perplexity only where it was measured", () => {
  expect(perplexityColumns([{ seq: 1, step: 5, loss: 1 }])).toEqual([[], []]);
  expect(perplexityColumns([{ seq: 1, step: 5, loss: 1, perplexity: 3 }, { seq: 2, step: 9, loss: null }])).toEqual([[5], [3]]);
});

describe("axisEnd", () => {
  it("grows in few leaps and never past the run", () => {
    expect([0, 100, 125, 126, 499, 501, 1000].map((step) => axisEnd(step, 1000))).toEqual([125, 125, 125, 250, 500, 1000, 1000]);
    expect(axisEnd(0, 0)).toBe(1);
  });
});

describe("spread", () => {
  it("keeps the ends", () => {
    expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)).toEqual([0, 5, 10]);
    expect(spread([1, 2], 5)).toEqual([1, 2]);
  });
});

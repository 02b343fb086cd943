import { describe, expect, it } from "vitest";
import { smooth } from "@/features/runs/view/smooth";
import type { Point } from "@/features/runs/view/view";

function points(losses: (number | null)[], gap = 1): Point[] {
  return losses.map((loss, i) => ({ seq: i + 1, step: i * gap, loss, lr: 0, seconds: 0, memory: 0, peak: 0 }));
}

describe("smooth", () => {
  it("returns the raw loss at 0", () => {
    expect(smooth(points([3, 1, 2]), 0)).toEqual([3, 1, 2]);
  });

  it("is not pulled towards zero at the start", () => {
    expect(smooth(points([2, 2, 2]), 0.99).map((x) => x?.toFixed(6))).toEqual(["2.000000", "2.000000", "2.000000"]);
  });

  it("calms noise", () => {
    const noisy = Array.from({ length: 200 }, (_, i) => 1 + (i % 2 ? 0.5 : -0.5));
    const calm = smooth(points(noisy), 0.95).slice(50);
    expect(Math.max(...calm.map((x) => Math.abs((x ?? 0) - 1)))).toBeLessThan(0.05);
  });

  it("gives the same curve where the server thinned evenly", () => {
    expect(smooth(points([3, 1, 2], 50), 0.6)).toEqual(smooth(points([3, 1, 2]), 0.6));
  });

  it("leaves gaps where the loss is not a number", () => {
    expect(smooth(points([3, null, 3]), 0.5)).toEqual([3, null, 3]);
  });
});

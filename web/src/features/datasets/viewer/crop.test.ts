import { describe, expect, it } from "vitest";
import { between, cropOf, moved, rectOf, WHOLE } from "./crop";

const RECT = { x: 0.25, y: 0.25, w: 0.5, h: 0.5 };

describe("moved", () => {
  it("moves edges and corners", () => {
    expect(moved(RECT, "e", 0.25, 9)).toEqual({ ...RECT, w: 0.75 });
    expect(moved(RECT, "nw", 0.125, 0.125)).toEqual({ x: 0.375, y: 0.375, w: 0.375, h: 0.375 });
  });

  it("stays inside the picture, and never turns inside out", () => {
    expect(moved(RECT, "move", 9, -9)).toEqual({ ...RECT, x: 0.5, y: 0 });
    expect(moved(RECT, "w", 9, 0).w).toBeCloseTo(0.02);
    expect(moved(RECT, "se", 9, 9)).toEqual({ ...RECT, w: 0.75, h: 0.75 });
  });
});

it("is drawn from any corner", () => {
  expect(between(0.75, 0.5, 0.25, 0)).toEqual({ x: 0.25, y: 0, w: 0.5, h: 0.5 });
  expect(between(1, 1, 1.5, 1.5)).toEqual({ x: 0.98, y: 0.98, w: 0.02, h: 0.02 });
});

it("is nothing when it is the whole picture", () => {
  expect(cropOf(WHOLE)).toBeNull();
  expect(cropOf(rectOf([0.1, 0.2, 0.3, 0.4]))).toEqual([0.1, 0.2, 0.3, 0.4]);
});

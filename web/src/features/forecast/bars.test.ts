import { describe, expect, it } from "vitest";
import { aboutSeconds, memoryBar, PARTS, peakOf, STAGES, timeBar, uncertainty } from "@/features/forecast/bars";
import type { Forecast } from "@/api/types";

const GB = 1e9;

const forecast = (part: Partial<Forecast>): Forecast => ({
  steps: 100, seconds: { p10: 90, p50: 100, p90: 110 }, peak_memory_bytes: { p10: 3.8 * GB, p50: 4 * GB, p90: 4.4 * GB },
  stages: [{ stage: "loading", seconds: 10 }, { stage: "training", seconds: 80 }, { stage: "sampling", seconds: 10 }], step_seconds: 0.8,
  disk_bytes: 1, free_memory_bytes: 8 * GB, source: "model", runs: 0, device: "cpu", fits: true,
  memory: [{ stage: "caching", parts: { base: GB, runtime: GB } }, { stage: "training", parts: { base: 2 * GB, activations: GB, runtime: GB } }],
  ...part,
});
const whole = (bar: { pieces: { width: number }[] }) => bar.pieces.reduce((sum, piece) => sum + piece.width, 0);

describe("memoryBar", () => {
  it("shows the stage that needs the most, and where the free memory ends", () => {
    const bar = memoryBar(forecast({}));
    expect(peakOf(forecast({}))?.stage).toBe("training");
    expect(bar.pieces.map((piece) => piece.name)).toEqual([...PARTS]);
    expect(bar.pieces.find((piece) => piece.name === "base")?.width).toBeCloseTo((bar.limit ?? 0) / 4);
    expect(whole(bar)).toBeCloseTo((bar.limit ?? 0) / 2);
    expect(bar.spread).toBeCloseTo((bar.limit ?? 0) / 20);
    expect(bar.limit).toBeLessThan(100);
  });

  it("puts the line inside of the bar when the memory does not do", () => {
    const bar = memoryBar(forecast({ free_memory_bytes: 2.2 * GB }));
    expect(bar.limit).toBeCloseTo((whole(bar) + bar.spread) / 2);
    expect(whole(bar) + bar.spread).toBeLessThan(100);
  });

  it("ends at a round size where far more is free, and then shows no line", () => {
    const roomy = (size: number) => memoryBar(forecast({ free_memory_bytes: 64 * GB, peak_memory_bytes: { p10: size, p50: size, p90: size } }));
    expect([1.1, 1.5, 1.7].map((size) => [Math.round(whole(roomy(size * GB))), roomy(size * GB).limit])).toEqual([[55, null], [75, null], [34, null]]);
    expect(whole(memoryBar(forecast({ free_memory_bytes: 13 * GB, peak_memory_bytes: { p10: GB, p50: 4.2 * GB, p90: 4.2 * GB } })))).toBeCloseTo(42);
  });

  it("fills the middle that was measured, whatever the parts of the model come to", () => {
    const bar = memoryBar(forecast({ peak_memory_bytes: { p10: 2 * GB, p50: 2 * GB, p90: 2 * GB } }));
    expect(bar.pieces.find((piece) => piece.name === "base")?.value).toBeCloseTo(GB);
    expect(whole(bar)).toBeCloseTo(40);
  });

  it("has a bar without parts, and none of nothing", () => {
    expect(whole(memoryBar(forecast({ memory: [] })))).toBeGreaterThan(40);
    const empty = memoryBar(forecast({ memory: [], peak_memory_bytes: { p10: 0, p50: 0, p90: 0 }, free_memory_bytes: 0 }));
    expect(whole(empty)).toBe(0);
    expect(empty.limit).toBeNull();
  });
});

describe("timeBar", () => {
  it("shares the time between all stages", () => {
    const bar = timeBar(forecast({}));
    expect(bar.pieces.map((piece) => piece.name)).toEqual([...STAGES]);
    expect(bar.pieces.map((piece) => piece.width)).toEqual([10, 0, 80, 10, 0]);
    expect(whole(timeBar({ stages: [] }))).toBe(0);
  });
});

it("rounds time to what it is worth", () => {
  expect([0, 9.96, 42.4, 96, 612, 4000, 100_000].map((seconds) => Math.round(aboutSeconds(seconds) * 10) / 10)).toEqual([0, 10, 42, 95, 600, 3900, 100_800]);
});

it("says how wide a range is", () => {
  expect(uncertainty({ p10: 80, p50: 100, p90: 130 })).toBeCloseTo(0.25);
  expect(uncertainty({ p10: 0, p50: 0, p90: 0 })).toBe(0);
});

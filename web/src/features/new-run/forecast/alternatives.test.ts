import { expect, it } from "vitest";
import type { Forecast, WhatIf } from "@/api/types";
import { alternatives } from "@/features/new-run/forecast/alternatives";

const row = (key: string, value: number | string): WhatIf => ({ key, value, seconds: 1, peak_memory_bytes: 1, fits: true });
const forecast = { device: "RTX 4070", seconds: { p10: 5, p50: 7, p90: 9 }, peak_memory_bytes: { p10: 1, p50: 3, p90: 4 }, fits: false } as Forecast;

it("puts what is now among the others, in order", () => {
  const found = alternatives([row("training.batch_size", 2), row("training.batch_size", 8), row("device", "cpu")], forecast, () => 4);
  expect(found.map(([key, rows]) => [key, rows.map(({ value, now }) => (now ? `[${value}]` : value))])).toEqual([
    ["training.batch_size", [2, "[4]", 8]], ["device", ["[RTX 4070]", "cpu"]],
  ]);
  expect(found[0]?.[1][1]).toEqual({ key: "training.batch_size", value: 4, seconds: 7, peak_memory_bytes: 3, fits: false, now: true });
});

it("does not tell it twice, and makes up no value that it does not know", () => {
  const [batch, rank] = alternatives([row("training.batch_size", 4), row("lora.rank", 8)], forecast, (key) => (key === "lora.rank" ? undefined : 4));
  expect(batch?.[1].map((one) => [one.value, one.now])).toEqual([[4, true]]);
  expect(rank?.[1].map((one) => [one.value, one.now])).toEqual([[8, false]]);
});

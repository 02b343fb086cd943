// The rows of "what if" with what is now among them, in the order of their values.
import type { Forecast, WhatIf } from "@/api/types";

export interface Alternative extends WhatIf {
  now: boolean;
}

export const DEVICE = "device";

/** By key, as they came. `valueOf` says what a setting is now. */
export function alternatives(rows: readonly WhatIf[], forecast: Forecast, valueOf: (key: string) => unknown): [key: string, rows: Alternative[]][] {
  return [...new Set(rows.map((row) => row.key))].map((key) => {
    const value = key === DEVICE ? forecast.device : valueOf(key);
    const others = rows.filter((row) => row.key === key && row.value !== value).map((row) => ({ ...row, now: false }));
    if (typeof value !== "string" && typeof value !== "number") return [key, others];
    const now = { key, value, seconds: forecast.seconds.p50, peak_memory_bytes: forecast.peak_memory_bytes.p50, fits: forecast.fits, now: true };
    return [key, [now, ...others].sort((a, b) => (typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : 0))];
  });
}

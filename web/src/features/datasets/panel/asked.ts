// What each data set is judged for, kept in this browser.
import { readStored, store } from "@/lib/stored";
import type { Asked } from "../api";
import { NOTHING_ASKED } from "../filter";

export const SIDES = { min: 32, max: 4096, step: 64 } as const;

function kept(): Record<string, Asked> {
  try {
    return (JSON.parse(readStored("quality") ?? "{}") ?? {}) as Record<string, Asked>;
  } catch {
    return {};
  }
}

export const keptAsked = (dataset: string): Asked => ({ ...NOTHING_ASKED, ...kept()[dataset] });

export function keepAsked(dataset: string, asked: Asked): void {
  const all = { ...kept(), [dataset]: asked };
  const told = Object.entries(all).filter(([, { trigger, resolution }]) => trigger || resolution !== null);
  store("quality", JSON.stringify(Object.fromEntries(told)));
}

/** As the server takes it: half a number is not asked with. */
export function usable({ trigger, resolution }: Asked): Asked {
  const whole = resolution !== null && Number.isInteger(resolution) && resolution >= SIDES.min && resolution <= SIDES.max;
  return { trigger: trigger.trim(), resolution: whole ? resolution : null };
}

export const sameAsked = (a: Asked, b: Asked): boolean => a.trigger === b.trigger && a.resolution === b.resolution;

// Numbers of training, short enough for an axis.
import { numbers } from "@/lib/format";

export function formatLoss(loss: number): string {
  if (loss === 0) return "0";
  const size = Math.abs(loss);
  return size >= 0.001 && size < 1000 ? loss.toPrecision(3) : loss.toExponential(1);
}

export function formatRate(rate: number): string {
  if (rate === 0) return "0";
  return rate >= 0.01 ? String(Number(rate.toPrecision(3))) : rate.toExponential(1).replace(".0e", "e");
}

export function formatStepTime(seconds: number, language: string): string {
  const [value, unit] = seconds < 1 ? [seconds * 1000, "millisecond"] : [seconds, "second"];
  const options = { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 } as const;
  return numbers(language, options).format(value);
}

/** On an axis: no more digits than are needed to tell the ticks apart. */
export function formatTick(value: number): string {
  return value === 0 || Math.abs(value) >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(0);
}

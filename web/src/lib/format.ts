// Numbers as people read them, in their language.

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

const made = new Map<string, Intl.NumberFormat>();

/** The same formatter for the same wish: to make one takes longer than all else that a forecast draws. */
export function numbers(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  const found = made.get(key) ?? new Intl.NumberFormat(language, options);
  made.set(key, found);
  return found;
}

export function formatBytes(bytes: number, language: string): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), BYTE_UNITS.length - 1);
  const value = bytes / 1000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return numbers(language, {
    style: "unit",
    unit: BYTE_UNITS[power],
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: digits,
  }).format(value);
}

export function formatNumber(value: number, language: string, digits = 0): string {
  return numbers(language, { maximumFractionDigits: digits }).format(value);
}

export function formatPercent(share: number, language: string): string {
  return numbers(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

function unit(value: number, name: "second" | "minute" | "hour" | "day", language: string, digits = 0): string {
  const options = { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits } as const;
  return numbers(language, options).format(value);
}

/** The two largest parts: "3 min 20 sec", "1 hr 5 min"; under ten seconds with a decimal. */
export function formatDuration(seconds: number, language: string): string {
  const gap = language.startsWith("zh") ? "" : " ";
  if (seconds < 9.95) return unit(seconds, "second", language, 1);
  const whole = Math.round(seconds);
  if (whole < 60) return unit(whole, "second", language);
  const parts = [
    ["day", Math.floor(whole / 86_400)],
    ["hour", Math.floor((whole % 86_400) / 3_600)],
    ["minute", Math.floor((whole % 3_600) / 60)],
    ["second", whole % 60],
  ] as const;
  const first = parts.findIndex(([, value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => unit(value, name, language))
    .join(gap);
}

const AGO_STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** "2 minutes ago", "yesterday"; a date when it is more than a month away. */
export function formatAgo(time: Date, now: Date, language: string): string {
  const seconds = (time.getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) > 30 * 86_400) return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(time);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [name, size] of AGO_STEPS) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), name);
  return relative.format(0, "second");
}

/** Short facts in a row: "24 pictures · 96% · 1.6 GB". */
export function formatFacts(facts: readonly string[]): string {
  return facts.join(" · ");
}

export function formatTime(time: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(time);
}

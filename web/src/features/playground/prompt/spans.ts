// The marks of a prompt: which characters mean what, also in the moment before the server has read the newest letters.
import type { Span } from "@/features/playground/types";

/** Characters that mean the same, with all that they mean. */
export interface Segment {
  text: string;
  spans: readonly Span[];
}

/** The text cut at every end of a span; spans may overlap. */
export function segments(text: string, spans: readonly Span[]): Segment[] {
  const inside = spans.filter(({ start, end }) => start < end && start < text.length);
  const cuts = new Set([0, text.length]);
  for (const { start, end } of inside) cuts.add(start).add(Math.min(end, text.length));
  const ends = [...cuts].sort((a, b) => a - b);
  return ends.slice(1).map((end, at) => {
    const start = ends[at] ?? 0;
    return { text: text.slice(start, end), spans: inside.filter((span) => span.start <= start && span.end >= end) };
  });
}

/** The spans of `before` where they are in `after`: what stands before a change stays, what stands behind it moves along, what is changed has no meaning yet. */
export function moved(spans: readonly Span[], before: string, after: string): Span[] {
  if (before === after) return [...spans];
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const by = after.length - before.length;
  return spans.flatMap((span) => {
    if (span.end <= head) return [span];
    if (span.start >= before.length - tail) return [{ ...span, start: span.start + by, end: span.end + by }];
    // words of a weight, or what is cut, go on where a letter is put into them
    if ((span.kind === "weight" || span.kind === "cut") && span.start <= head && span.end >= before.length - tail) return [{ ...span, end: span.end + by }];
    return [];
  });
}

/** What is cut, as it stands. */
export const cutText = (text: string, spans: readonly Span[]): string =>
  spans.filter((span) => span.kind === "cut").map(({ start, end }) => text.slice(start, end)).join(" ").trim();

/** LoRAs or wildcards that there are not, each once. */
export const strangers = (spans: readonly Span[], kind: "lora" | "wildcard"): string[] =>
  [...new Set(spans.filter((span) => span.kind === kind && !span.known).map((span) => span.name))];

// The prompt once more behind the field, letter on letter: it carries the marks, the field carries the text.
import type { CSSProperties, Ref } from "react";
import type { Span } from "@/features/playground/types";
import classes from "./Prompt.module.css";
import { type Segment, segments } from "./spans";

/** The marks of a piece as attributes for the style sheet. */
function marks({ spans }: Segment) {
  const of = (kind: Span["kind"]) => spans.find((span) => span.kind === kind);
  const weight = spans.filter((span) => span.kind === "weight").at(-1)?.weight ?? 1;
  const sign = of("lora") ?? of("wildcard");
  return {
    "data-weight": weight > 1 ? "more" : weight < 1 ? "less" : undefined,
    "data-sign": sign?.kind,
    "data-trigger": of("trigger") ? true : undefined,
    "data-cut": of("cut") ? true : undefined,
    "data-unknown": of("unknown") || sign?.known === false ? true : undefined,
    style: weight === 1 ? undefined : ({ "--weight": Math.min(1, 0.3 + Math.abs(Math.log(Math.max(0.1, weight)))) } as CSSProperties),
  };
}

export function Mirror({ text, spans, ref }: { text: string; spans: readonly Span[]; ref: Ref<HTMLPreElement> }) {
  return (
    <pre ref={ref} className={classes.mirror} aria-hidden="true">
      {segments(text, spans).map((segment, at) => <span key={at} {...marks(segment)}>{segment.text}</span>)}
      {"\n"}
    </pre>
  );
}

/** Where the letter at `offset` stands, from the upper left corner of `box`; its lower end. */
export function placeOf(mirror: HTMLElement | null, box: HTMLElement | null, offset: number): { left: number; top: number } {
  const walker = mirror && document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
  let rest = offset;
  for (let node = walker?.nextNode(); node && box; node = walker?.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (rest > length) {
      rest -= length;
      continue;
    }
    const range = document.createRange();
    range.setStart(node, rest);
    range.collapse(true);
    const letter = range.getBoundingClientRect?.();
    const frame = box.getBoundingClientRect();
    return letter ? { left: letter.left - frame.left, top: letter.bottom - frame.top } : { left: 0, top: 0 };
  }
  return { left: 0, top: 0 };
}

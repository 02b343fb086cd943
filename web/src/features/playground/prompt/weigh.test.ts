import { describe, expect, it } from "vitest";
import { STEP, weigh } from "./weigh";

/** The text after it, with what is chosen between bars. `|` marks the cursor, or both ends of what is chosen. */
function after(marked: string, by: number): string {
  const from = marked.indexOf("|");
  const to = marked.lastIndexOf("|");
  const text = marked.replaceAll("|", "");
  const edit = weigh(text, from, from === to ? from : to - 1, by);
  if (edit === null) return marked;
  const next = text.slice(0, edit.start) + edit.put + text.slice(edit.end);
  return `${next.slice(0, edit.chosenStart)}|${next.slice(edit.chosenStart, edit.chosenEnd)}|${next.slice(edit.chosenEnd)}`;
}

describe("weigh", () => {
  it.each([
    ["a re|d apple", STEP, "a (|red|:1.1) apple"],
    ["a |red apple|, big", STEP, "a (|red apple|:1.1), big"],
    ["a |red | apple", -STEP, "a (|red|:0.9)  apple"],
    ["a (|red|:1.1) apple", STEP, "a (|red|:1.2) apple"],
    ["a (red:1.|1) apple", -STEP, "a |red| apple"],
    ["a |(red:0.9)| apple", STEP, "a |red| apple"],
    ["(red:0|)", -STEP, "(|red|:0)"],
    ["一只|红色茶壶，山水", STEP, "(|一只红色茶壶|:1.1)，山水"],
    ["an inn, |", STEP, "an inn, |"],
    ["|", STEP, "|"],
  ])("%s by %d", (before, by, expected) => expect(after(before, by)).toBe(expected));

  it("moves the strength of the LoRA the cursor is in", () => {
    expect(after("x <lora:in|k:0.8> y", STEP)).toBe("x <lora:in||k:0.9> y");
    expect(after("x <lora:in|k:0.1> y", -2 * STEP)).toBe("x <lora:in||k:-0.1> y");
  });
});

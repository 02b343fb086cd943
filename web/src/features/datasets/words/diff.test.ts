import { describe, expect, it } from "vitest";
import { type Part, wordDiff } from "./diff";

const shown = (parts: Part[]) => parts.map(({ kind, text }) => ({ same: text, gone: `[-${text}]`, new: `[+${text}]` })[kind]).join("");

describe("wordDiff", () => {
  it.each([
    ["a cat, snow", "a fox, snow", "a [-cat][+fox], snow"],
    ["snow", "inkmei, snow", "[+inkmei, ]snow"],
    ["a, b, c", "a, c", "a, [-b, ]c"],
    ["水墨山水画", "水墨花鸟画", "水墨[-山水][+花鸟]画"],
    ["猫，雪", "猫, 雪", "猫[-，][+, ]雪"],
    ["", "new", "[+new]"],
    ["old", "", "[-old]"],
    ["same", "same", "same"],
  ])("%s → %s", (before, after, expected) => {
    expect(shown(wordDiff(before, after))).toBe(expected);
  });

  it("gives back both texts, whatever they are", () => {
    const before = "one two three four, 五六 seven";
    const after = "two one four, 六五 seven eight";
    const parts = wordDiff(before, after);
    const text = (not: Part["kind"]) => parts.filter(({ kind }) => kind !== not).map((part) => part.text).join("");
    expect(text("new")).toBe(before);
    expect(text("gone")).toBe(after);
  });

  it("does not compute for ever", () => {
    const long = (word: string) => Array.from({ length: 4_000 }, (_, n) => `${word}${n}`).join(" ");
    expect(wordDiff(long("a"), long("b"))).toHaveLength(2);
  });
});

import { describe, expect, it } from "vitest";
import { alike, type Part, wordDiff } from "./diff";

const shown = (parts: Part[]) => parts.map(({ kind, text }) => ({ same: text, gone: `[-${text}]`, new: `[+${text}]` })[kind]).join("");

describe("wordDiff", () => {
  it.each([
    ["a cat, snow", "a fox, snow", "a [-cat][+fox], snow"],
    ["snow", "inkmei, snow", "[+inkmei, ]snow"],
    ["a, b, c", "a, c", "a, [-b, ]c"],
    ["水墨山水画", "水墨花鸟画", "水墨[-山水][+花鸟]画"],
    ["猫，雪", "猫, 雪", "猫[-，][+, ]雪"],
    ["by jonas here", "of mei here", "[-by jonas][+of mei] here"],
    ["", "new", "[+new]"],
    ["old", "", "[-old]"],
    ["same", "same", "same"],
  ])("%s → %s", (before, after, expected) => {
    expect(shown(wordDiff(before, after))).toBe(expected);
  });

  it("gives back both texts, whatever they are", () => {
    const words = ["one", " ", ", ", "，", "two", "五", "六", "  ", "-"];
    let state = 7;
    const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
    const text = () => Array.from({ length: random(9) }, () => words[random(words.length)]).join("");
    for (let round = 0; round < 500; round++) {
      const [before, after] = [text(), text()];
      const parts = wordDiff(before, after);
      const without = (not: Part["kind"]) => parts.filter(({ kind }) => kind !== not).map((part) => part.text).join("");
      expect([without("new"), without("gone")]).toEqual([before, after]);
      expect(parts.every((part) => part.text)).toBe(true);
    }
  });

  it("does not compute for ever", () => {
    const long = (word: string) => Array.from({ length: 4_000 }, (_, n) => `${word}${n}`).join(" ");
    expect(wordDiff(long("a"), long("b"))).toHaveLength(2);
  });
});

it.each([
  ["a cat in snow", "a cat in snow", 1],
  ["abc", "xyz", 0],
  ["", "", 0],
  ["one two", "one six", 0.5],
])("alike: %s, %s", (before, after, share) => expect(alike(wordDiff(before, after))).toBeCloseTo(share, 1));

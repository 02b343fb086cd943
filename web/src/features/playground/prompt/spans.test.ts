import { describe, expect, it } from "vitest";
import type { Span } from "@/features/playground/types";
import { cutText, moved, segments, strangers } from "./spans";

const span = (start: number, end: number, kind: Span["kind"] = "weight", rest: Partial<Span> = {}): Span => ({ start, end, kind, weight: 1, name: "", known: true, ...rest });

describe("segments", () => {
  it("gives every letter once, with all that it means", () => {
    const text = "a (red fox:1.2) runs";
    const cut = segments(text, [span(2, 15), span(7, 10, "trigger"), span(16, 99, "cut"), span(40, 50)]);
    expect(cut.map((one) => one.text).join("")).toBe(text);
    expect(cut.map((one) => `${one.text}|${one.spans.map((each) => each.kind).join("+")}`)).toEqual(["a |", "(red |weight", "fox|weight+trigger", ":1.2)|weight", " |", "runs|cut"]);
  });

  it("leaves a text without spans whole", () => {
    expect(segments("abc", [])).toEqual([{ text: "abc", spans: [] }]);
    expect(segments("", [])).toEqual([]);
  });
});

describe("moved", () => {
  const spans = [span(0, 3, "trigger"), span(4, 11, "weight"), span(12, 18, "wildcard")];
  const before = "f3d (fox:1) __ab__";

  it("keeps what stands before and moves what stands behind", () => {
    const after = "f3d (fox:1)x __ab__";
    expect(moved(spans, before, after).map(({ start, end }) => after.slice(start, end))).toEqual(["f3d", "(fox:1)", "__ab__"]);
  });

  it("goes on with a weight that is written into, and forgets a name that is", () => {
    const weight = "f3d (foxy:1) __ab__";
    expect(moved(spans, before, weight).map(({ start, end }) => weight.slice(start, end))).toEqual(["f3d", "(foxy:1)", "__ab__"]);
    expect(moved(spans, before, "f3d (fox:1) __abc__").map((one) => one.kind)).toEqual(["trigger", "weight"]);
    expect(moved(spans, before, "").map((one) => one.kind)).toEqual([]);
  });
});

it("says what is cut and what there is not", () => {
  expect(cutText("one two three", [span(4, 13, "cut")])).toBe("two three");
  const unknown = [span(0, 1, "lora", { name: "ink", known: false }), span(2, 3, "lora", { name: "ink", known: false }), span(4, 5, "lora", { name: "tea" })];
  expect(strangers(unknown, "lora")).toEqual(["ink"]);
  expect(strangers(unknown, "wildcard")).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { holds, once, tagsOf, taken, toggled } from "./tags";

describe("tagsOf", () => {
  it("splits at plain and full-width commas, and drops the empty", () => {
    expect(tagsOf("a fox, snow，山、 ink wash,, ")).toEqual(["a fox", "snow", "山", "ink wash"]);
    expect(tagsOf(null)).toEqual([]);
  });
});

describe("taken", () => {
  it("leaves what is still written", () => {
    expect(taken("fo")).toEqual({ tags: [], rest: "fo" });
    expect(taken("fox，")).toEqual({ tags: ["fox"], rest: "" });
    expect(taken("fox, snow、 in")).toEqual({ tags: ["fox", "snow"], rest: "in" });
  });
});

describe("toggled", () => {
  it("adds at the end, and takes away whatever is written alike", () => {
    expect(toggled("a fox, snow", "ink")).toBe("a fox, snow, ink");
    expect(toggled("a fox，Long_Hair", "long hair")).toBe("a fox");
    expect(toggled(null, "ink")).toBe("ink");
  });

  it("knows tags whatever their case, underscores and spaces", () => {
    expect(holds(["Blue  Eyes"], "blue_eyes")).toBe(true);
    expect(once(["Fox", "fox", "snow", "FOX"])).toEqual(["Fox", "snow"]);
  });
});

import { describe, expect, it } from "vitest";
import { textOf, valueOf } from "@/features/new-run/form/parse";

describe("valueOf", () => {
  it("reads numbers, also as people write rates", () => {
    expect(valueOf("number", "1e-4", false)).toBe(0.0001);
    expect(valueOf("integer", " 16 ", false)).toBe(16);
    expect(valueOf("numbers", "0.9, 0.99", false)).toEqual([0.9, 0.99]);
  });

  it("keeps what it cannot read, for the server to say so", () => {
    expect(valueOf("integer", "many", false)).toBe("many");
    expect(valueOf("integer", "", false)).toBe("");
  });

  it("knows nothing from empty", () => {
    expect(valueOf("integer", "", true)).toBeNull();
    expect(valueOf("text", "", true)).toBeNull();
    expect(valueOf("text", "", false)).toBe("");
    expect(valueOf("lines", "a fox\n\n  an owl ", false)).toEqual(["a fox", "an owl"]);
  });
});

describe("textOf", () => {
  it("writes what valueOf reads", () => {
    for (const [kind, value] of [["number", 0.00005], ["number", 0.95], ["integer", 0], ["numbers", [0.9, 0.999]], ["lines", ["a", "b"]]] as const) {
      expect(valueOf(kind, textOf(value as number | number[]), false)).toEqual(value);
    }
    expect(textOf(0.0001)).toBe("1e-4");
    expect(textOf(null)).toBe("");
  });
});

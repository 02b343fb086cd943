import { describe, expect, it } from "vitest";
import { type Asked, nextOf, offered } from "./next";

const asked = (id: string, p: Record<string, number> = {}) => ({ image: { id }, proposals: Object.entries(p).map(([label, p]) => ({ label, p })) }) as Asked;
const QUEUE = [asked("a"), asked("b"), asked("c")];

describe("nextOf", () => {
  it("begins with what teaches most and passes over what was answered", () => {
    expect(nextOf(QUEUE, null, new Set())?.image.id).toBe("a");
    expect(nextOf(QUEUE, QUEUE[0] ?? null, new Set(["a", "b"]))?.image.id).toBe("c");
    expect(nextOf([], null, new Set())).toBeNull();
  });

  it("leaves the picture on the screen while the order changes, with newer proposals", () => {
    const newer = asked("c", { cat: 0.9 });
    expect(nextOf([asked("z"), newer], asked("c"), new Set())).toBe(newer);
    expect(nextOf([asked("z")], QUEUE[1] ?? null, new Set())?.image.id).toBe("b");
  });
});

describe("offered", () => {
  it("keeps places while there are few, and puts the likeliest first when there are many", () => {
    expect(offered(["cat", "dog"], asked("a", { dog: 0.9, cat: 0.1 })).map(({ label }) => label)).toEqual(["cat", "dog"]);
    const many = Array.from({ length: 12 }, (_, n) => `label ${n}`);
    expect(offered(many, asked("a", { "label 11": 0.9 }))[0]).toEqual({ label: "label 11", p: 0.9 });
  });
});

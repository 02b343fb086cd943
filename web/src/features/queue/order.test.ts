import { describe, expect, it } from "vitest";
import { beforeAfter, beforeDrop, joined, moved } from "@/features/queue/order";

const list = ["a", "b", "c"].map((id) => ({ id }));
const ids = (runs: { id: string }[]) => runs.map((run) => run.id).join("");

describe("moved", () => {
  it("puts one before another or at the end", () => {
    expect(ids(moved(list, "c", "a"))).toBe("cab");
    expect(ids(moved(list, "a", null))).toBe("bca");
    expect(ids(moved(list, "a", "c"))).toBe("bac");
  });

  it("leaves the list when one of them is not there", () => {
    expect(ids(moved(list, "x", "a"))).toBe("abc");
    expect(ids(moved(list, "a", "x"))).toBe("abc");
    expect(ids(moved(list, "b", "b"))).toBe("abc");
  });
});

describe("beforeAfter", () => {
  it("finds the place one step up or down", () => {
    expect(beforeAfter(list, "b", -1)).toBe("a");
    expect(beforeAfter(list, "a", 1)).toBe("c");
    expect(beforeAfter(list, "b", 1)).toBeNull();
    expect(beforeAfter(list, "a", -1)).toBeUndefined();
    expect(beforeAfter(list, "c", 1)).toBeUndefined();
  });

  it("does not take the end of what is known for the end of the list", () => {
    expect(beforeAfter(list, "a", 1, true)).toBe("c");
    expect(beforeAfter(list, "b", 1, true)).toBeUndefined();
  });
});

describe("beforeDrop", () => {
  it("takes the place of the one it is dropped on", () => {
    expect(beforeDrop(list, "c", "a")).toBe("a");
    expect(beforeDrop(list, "a", "b")).toBe("c");
    expect(beforeDrop(list, "a", "c")).toBeNull();
    expect(beforeDrop(list, "a", "c", true)).toBe("c");
  });
});

describe("joined", () => {
  it("keeps the order and shows nothing twice", () => {
    const [a, b, c] = list as [{ id: string }, { id: string }, { id: string }];
    expect(ids(joined([a, b], [b, c]))).toBe("abc");
    expect(joined<{ id: string }>([], [])).toEqual([]);
  });
});

import { beforeEach, expect, it } from "vitest";
import { NOTHING_ASKED } from "../filter";
import { keepAsked, keptAsked, usable } from "./asked";

beforeEach(() => localStorage.clear());

it("is remembered for each data set, and forgotten when it is emptied", () => {
  const asked = { trigger: "zwx", resolution: 768 };
  keepAsked("a", asked);
  keepAsked("b", { trigger: "", resolution: 512 });
  expect([keptAsked("a"), keptAsked("b"), keptAsked("c")]).toEqual([asked, { trigger: "", resolution: 512 }, NOTHING_ASKED]);
  keepAsked("a", NOTHING_ASKED);
  expect(keptAsked("a")).toEqual(NOTHING_ASKED);
  expect(keptAsked("b").resolution).toBe(512);
});

it("begins anew where what was kept cannot be read", () => {
  for (const text of ["{", "null"]) {
    localStorage.setItem("loom.quality", text);
    expect(keptAsked("a")).toEqual(NOTHING_ASKED);
  }
});

it("does not ask with half a number", () => {
  expect(usable({ trigger: " zwx ", resolution: 5 })).toEqual({ trigger: "zwx", resolution: null });
  expect(usable({ trigger: "", resolution: 512 }).resolution).toBe(512);
  expect(usable({ trigger: "", resolution: 5000 }).resolution).toBeNull();
});

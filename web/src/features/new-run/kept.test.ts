import { afterEach, expect, it } from "vitest";
import type { Draft } from "@/features/new-run/draft";
import { forgetKept, keep, kept } from "@/features/new-run/kept";

const DRAFT: Draft = { preset: "style", dataset: "d1", changed: { "lora.rank": 4, "lora.include_blocks": ["mid"] } };

afterEach(() => localStorage.clear());

it("brings the form back at the address it was left at, and nowhere else", () => {
  keep("dataset=d1", DRAFT);
  expect(kept("dataset=d1")).toEqual(DRAFT);
  expect(kept("")).toBeNull();
  forgetKept();
  expect(kept("dataset=d1")).toBeNull();
});

it("begins anew when what was kept cannot be read", () => {
  localStorage.setItem("loom.draft", "{half");
  expect(kept("")).toBeNull();
});

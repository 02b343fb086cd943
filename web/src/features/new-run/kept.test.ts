import { afterEach, expect, it } from "vitest";
import type { Draft } from "@/features/new-run/draft";
import { forgetKept, keep, kept } from "@/features/new-run/kept";

const DRAFT: Draft = { preset: "style", dataset: "d1", changed: { "lora.rank": 4, "lora.include_blocks": ["mid"] } };
const TEXTS: Draft = { preset: "voice", dataset: "t1", changed: {} };

afterEach(() => localStorage.clear());

it("brings the form back at the address it was left at, and nowhere else", () => {
  keep("dataset=d1", "images", DRAFT);
  expect(kept("dataset=d1")).toEqual({ kind: "images", drafts: { images: DRAFT } });
  expect(kept("")).toBeNull();
  forgetKept();
  expect(kept("dataset=d1")).toBeNull();
});

it("keeps what was chosen for pictures while texts are looked at", () => {
  keep("", "images", DRAFT);
  keep("", "texts");
  keep("", "texts", TEXTS);
  expect(kept("")).toEqual({ kind: "texts", drafts: { images: DRAFT, texts: TEXTS } });
});

it.each(["{half", '{"address":"","draft":{}}'])("begins anew when what was kept cannot be read: %s", (stored) => {
  localStorage.setItem("loom.draft", stored);
  expect(kept("")).toBeNull();
});

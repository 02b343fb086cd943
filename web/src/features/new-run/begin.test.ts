import { describe, expect, it } from "vitest";
import type { Kind } from "@/api/kinds";
import type { Dataset, Preset } from "@/api/types";
import { freshDraft, kindWanted } from "@/features/new-run/begin";

const preset = (name: string, families: string[]) => ({ name, memory: [], families }) as unknown as Preset;
const dataset = (id: string, kind: Kind) => ({ id, kind }) as Dataset;
const PARTS = {
  presets: [preset("style", ["sd1", "sdxl"]), preset("voice", ["causal_lm"]), preset("facts", ["causal_lm"])],
  datasets: [dataset("d", "images"), dataset("t", "texts")],
  asked: { dataset: null, preset: null },
  origin: undefined,
  usualPreset: null,
  memory: 0,
};

describe("kindWanted", () => {
  it("is what the data set holds, before anything else", () => {
    expect(kindWanted({ ...PARTS, asked: { dataset: "t", preset: "style" } })).toBe("texts");
    expect(kindWanted({ ...PARTS, asked: { dataset: null, preset: "facts" } })).toBe("texts");
    expect(kindWanted({ ...PARTS, origin: { name: "", preset: null, dataset: null, kind: "texts", wanted: {} } })).toBe("texts");
  });

  it("is pictures, unless there are only texts", () => {
    expect(kindWanted(PARTS)).toBe("images");
    expect(kindWanted({ ...PARTS, datasets: [] })).toBe("images");
    expect(kindWanted({ ...PARTS, datasets: [dataset("t", "texts")] })).toBe("texts");
  });
});

describe("freshDraft", () => {
  it("takes nothing of the other kind", () => {
    const asked = { dataset: "d", preset: "style" };
    expect(freshDraft("images", { ...PARTS, asked })).toEqual({ preset: "style", dataset: "d", changed: {} });
    expect(freshDraft("texts", { ...PARTS, asked })).toEqual({ preset: "voice", dataset: "t", changed: {} });
  });

  it("takes over the settings of a run of its kind, and of no other", () => {
    const origin = { name: "r", preset: "facts", dataset: "t", kind: "texts" as const, wanted: { lora: { rank: 4 } } };
    expect(freshDraft("texts", { ...PARTS, origin })).toEqual({ preset: "facts", dataset: "t", changed: { "lora.rank": 4 } });
    expect(freshDraft("images", { ...PARTS, origin }).changed).toEqual({});
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { columnsOf, countCells } from "@/features/experiments/asked/columns";
import { askedOf, draftFrom, familyOf, FRESH, linesOf, strengthsFrom, toggled, usualStrengths } from "@/features/experiments/asked/draft";
import { keep, kept } from "@/features/experiments/asked/kept";
import { secondsACell, secondsLeft } from "@/features/experiments/asked/time";

afterEach(() => localStorage.clear());

const NAMED = { lora: (id: string) => `name of ${id}`, run: ({ id }: { id: string }) => `run ${id}`, base: "Base" };
const asked = (draft: Partial<typeof FRESH>) => askedOf({ ...FRESH, ...draft }, "images", { prompts: ["a", "b"], base: "thimble" }, NAMED);

describe("columns", () => {
  const two = asked({ loras: ["x", "y"], strengths: [0.5, 0.75, 1, 1.25], prompts: "1\n2\n3\n4\n5", seeds: 3 });

  it("draws the base once for all strengths", () => {
    expect(columnsOf(two)).toHaveLength(9);
    expect(columnsOf(two).filter((column) => column.candidate === 0)).toEqual([{ candidate: 0, strength: 0, base: 0, sampler: 0 }]);
    expect(countCells(two)).toBe(135);
  });

  it("has bases outermost, then samplers, then what is compared", () => {
    const found = columnsOf({ ...two, bases: ["a", "b"], samplers: ["ddim", "euler"], strengths: [1], candidates: two.candidates.slice(0, 2) });
    expect(found.map((one) => `${one.base}${one.sampler}${one.candidate}`)).toEqual(["000", "001", "010", "011", "100", "101", "110", "111"]);
  });

  it("draws the same strength twice only once, and a LoRA at strength 0 beside the base", () => {
    expect(columnsOf({ ...two, candidates: two.candidates.slice(0, 2), strengths: [1, 1, 0] }).map((one) => [one.candidate, one.strength])).toEqual([[0, 0], [1, 1], [1, 0]]);
  });
});

describe("the draft", () => {
  it("takes several LoRAs and checkpoints from the address", () => {
    const draft = draftFrom(new URLSearchParams("lora=a&lora=b&lora=a&run=r&step=100&step=200&run=s"));
    expect(draft.loras).toEqual(["a", "b"]);
    expect(draft.runs).toEqual([{ id: "r", step: 100 }, { id: "r", step: 200 }, { id: "s", step: null }]);
  });

  it("takes no step that is none", () => {
    expect(draftFrom(new URLSearchParams("step=3&run=r&step=x")).runs).toEqual([{ id: "r", step: null }]);
  });

  it("asks one LoRA for its strength and several for which is better", () => {
    expect(usualStrengths({ loras: ["a"], runs: [] })).toEqual([0.5, 0.75, 1, 1.25]);
    expect(usualStrengths({ loras: ["a"], runs: [{ id: "r", step: null }] })).toEqual([1]);
  });

  it("sends what was said, and the usual where nothing was", () => {
    const sent = asked({ loras: ["x"], runs: [{ id: "r", step: 5 }], firstSeed: 7, seeds: 2 });
    expect(sent.candidates).toEqual([{ what: "base", label: "Base" }, { what: "lora", id: "x", label: "name of x" }, { what: "run", id: "r", step: 5, label: "run r" }]);
    expect(sent).toMatchObject({ prompts: ["a", "b"], seeds: [7, 8], strengths: [1], bases: [] });
    expect(asked({ prompts: "" }).prompts).toEqual([]);
  });

  it("names the base where nothing else says which it is", () => {
    expect(asked({ loras: [] }).bases).toEqual(["thimble"]);
  });

  it("sends nothing of pictures for texts", () => {
    const sent = askedOf({ ...FRESH, width: 64, negative: "no", samplers: ["euler"], system: "be brief" }, "texts", { prompts: [], base: undefined }, NAMED);
    expect(sent).toMatchObject({ width: null, negative_prompt: "", samplers: ["ddim"], system: "be brief" });
  });

  it("refuses what is of another family than the first", () => {
    expect(familyOf([{ name: "a", family: "sd1" }, { name: "b", family: "causal_lm" }, { name: "c", family: "sd1" }])).toEqual({ family: "sd1", misfits: ["b"] });
    expect(familyOf([])).toEqual({ family: null, misfits: [] });
  });

  it("reads lines and strengths as they are written", () => {
    expect(linesOf(" a\n\nb \na")).toEqual(["a", "b"]);
    expect(strengthsFrom(["1", "0,5", "x", "9", "1.0"])).toEqual([0.5, 1]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  });

  it("survives a reload, also one that an older page has kept", () => {
    keep("lora=a", { ...FRESH, name: "mine" });
    expect(kept("lora=a")?.name).toBe("mine");
    expect(kept("lora=b")).toBeNull();
    localStorage.setItem("loom.experiment old", '{"loras":["x"]}');
    expect(kept("old")).toEqual({ ...FRESH, loras: ["x"] });
    localStorage.setItem("loom.experiment bad", "{");
    expect(kept("bad")).toBeNull();
  });
});

describe("time", () => {
  const run = { base_model: "thimble", state: "finished" as const, started_at: "2026-01-01T00:00:00Z", ended_at: "2026-01-01T00:02:00Z" };

  it("goes by the newest finished one on the same base", () => {
    const past = [{ kind: "images" as const, cells: 9, run: { ...run, base_model: "other" } }, { kind: "images" as const, cells: 60, run }];
    expect(secondsACell(past, "images", "thimble")).toBe(2);
    expect(secondsACell(past, "texts", "thimble")).toBeNull();
    expect(secondsACell([{ ...past[1], run: { ...run, state: "cancelled" } } as never], "images", "thimble")).toBeNull();
  });

  it("goes by what is there once something is", () => {
    expect(secondsLeft([{ there: true, seconds: 2 }, { there: true, seconds: 4 }, { there: false, seconds: 0 }, { there: false, seconds: 0 }])).toBe(6);
    expect(secondsLeft([{ there: false, seconds: 0 }])).toBeNull();
  });
});

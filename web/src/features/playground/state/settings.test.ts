import { describe, expect, it } from "vitest";
import { askedOf, cheaper, fromHash, linkTo, newSeed, NOTHING, quickly, revived, sameAsked, tried, USUAL } from "./settings";

const LORA = { lora: "l1", strength: 0.8, blocks: { "unet.mid_block": 0.5 } };

describe("askedOf", () => {
  it("takes what makes sense and leaves the rest as usual, so that the server never refuses a key", () => {
    const odd = { prompt: 3, seed: -5, steps: 900, width: 517, sampler: "magic", loras: [LORA, { strength: 1 }, "x"], picture: { kind: "file", id: "/etc" }, more: true };
    expect(askedOf(odd)).toEqual({ ...NOTHING, seed: 0, steps: 150, width: 520, loras: [LORA] });
    expect(askedOf(null)).toEqual(NOTHING);
  });
});

describe("revived", () => {
  it("brings back what was stored", () => {
    const kept = { ...USUAL, asked: { ...NOTHING, prompt: "水墨", loras: [LORA] }, locked: true, live: false };
    expect(revived(JSON.stringify(kept))).toEqual(kept);
  });

  it("begins with a seed where nothing is stored, or half of something", () => {
    for (const stored of [null, "{half", "3", "{}"]) expect({ ...revived(stored), asked: NOTHING }).toEqual(USUAL);
  });
});

describe("a link", () => {
  it("holds only what is not as usual, and opens the same", () => {
    const asked = { ...NOTHING, prompt: "a (red:1.2) 茶壶 #1", seed: 4, loras: [{ run: "r", step: 200, strength: 1, blocks: {} }] };
    expect(linkTo(asked)).not.toContain("sampler");
    expect(fromHash(new URL(linkTo(asked), "http://x").hash)).toEqual(asked);
    expect(fromHash("#%7Bhalf")).toBeNull();
    expect(fromHash("")).toBeNull();
  });
});

describe("tried", () => {
  it("puts the trigger word before what was written, once", () => {
    const once = tried({ ...NOTHING, prompt: "a kettle" }, LORA, "m2", "f3d");
    expect(once).toMatchObject({ prompt: "f3d, a kettle", base_model: "m2", loras: [LORA] });
    expect(tried(once, LORA, "m2", "F3D").prompt).toBe("f3d, a kettle");
    expect(tried(NOTHING, LORA, "m2", "f3d").prompt).toBe("f3d");
  });
});

it("draws quickly with few steps, unless there are few anyway", () => {
  expect(quickly(NOTHING).steps).toBe(6);
  expect(quickly({ ...NOTHING, steps: 4 }).steps).toBe(4);
  expect(cheaper({ ...NOTHING, steps: 6 })).toBe(false);
});

it("compares what is asked, not how it is written", () => {
  expect(sameAsked({ ...NOTHING, loras: [LORA] }, { ...NOTHING, loras: [{ blocks: LORA.blocks, strength: 0.8, lora: "l1" }] })).toBe(true);
  expect(sameAsked(NOTHING, { ...NOTHING, seed: 1 })).toBe(false);
});

it("dices seeds the server takes", () => {
  for (let at = 0; at < 100; at++) expect(Number.isInteger(newSeed()) && newSeed() < 2 ** 32).toBe(true);
});

import { describe, expect, it } from "vitest";
import type { Model, Preset } from "@/api/types";
import { baseFor, firstPreset, fits } from "@/features/new-run/steps/fit";

const preset = (name: string, memory: number[], families: string[] = ["sd1"]) => ({ name, memory, families }) as Preset;
const model = (id: string, family: string, available = true) => ({ id, name: id, source: id, family, available }) as Model;

describe("fits", () => {
  it("takes a card that says 12 and has 11.9", () => {
    expect(fits(preset("a", [12, 16]), 11.9)).toBe(true);
    expect(fits(preset("a", [12, 16]), 8)).toBe(false);
    expect(fits(preset("a", []), 0)).toBe(true);
  });
});

describe("firstPreset", () => {
  it("is the first that this machine can run, else the first", () => {
    expect(firstPreset([preset("big", [24]), preset("any", [])], 8)?.name).toBe("any");
    expect(firstPreset([preset("big", [24])], 8)?.name).toBe("big");
  });
});

describe("baseFor", () => {
  const models = [model("thimble", "sd1"), model("ink", "sdxl"), model("gone", "sdxl", false)];
  it("prefers the usual base where it suits, and never one that is not there", () => {
    expect(baseFor(preset("a", []), models, "thimble")?.id).toBe("thimble");
    expect(baseFor(preset("a", [], ["sdxl"]), models, "thimble")?.id).toBe("ink");
    expect(baseFor(preset("a", [], ["sd2"]), models, null)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import type { Model } from "@/api/types";
import { blocksOf, withBlock } from "./blocks";
import { baseFor, drawing } from "./fits";

const model = (id: string, family: string | null, available = true): Model =>
  ({ id, name: `${id} name`, source: `/${id}`, family, available, resolution: 512, prediction: null, layout: "diffusers", bytes: 1, embedded: false, state: "ready", warnings: [] }) as Model;
const MODELS = [model("thimble", "sd1"), model("any", "sd1"), model("gone", "sd1", false), model("xl", "sdxl"), model("llm", "causal_lm"), model("odd", null)];

describe("the base", () => {
  it("is one that draws, of the LoRAs' family", () => {
    expect(drawing(MODELS, null).map((one) => one.id)).toEqual(["thimble", "any", "gone", "xl"]);
    expect(drawing(MODELS, "sdxl").map((one) => one.id)).toEqual(["xl"]);
  });

  it("is the one the LoRA was made for", () => {
    expect(baseFor(MODELS, "thimble", "sd1", "/any", false)).toBe("any");
    expect(baseFor(MODELS, "thimble", "sdxl", "xl name", false)).toBe("xl");
  });

  it("stays where it fits and the right one is not there, or others are on", () => {
    expect(baseFor(MODELS, "thimble", "sd1", "gone", false)).toBe("thimble");
    expect(baseFor(MODELS, "thimble", "sd1", "any", true)).toBe("thimble");
    expect(baseFor(MODELS, "thimble", "sdxl", "unknown", false)).toBe("xl");
    expect(baseFor(MODELS, "thimble", "flux", "hub/flux", false)).toBe("hub/flux");
  });
});

it("names the parts by how their paths begin, and forgets those that are as they were", () => {
  expect(blocksOf("sd1").map(([, path]) => path)).toEqual(["text_encoder", "unet.down_blocks", "unet.mid_block", "unet.up_blocks"]);
  expect(blocksOf("flux").map(([block]) => block)).toEqual(["text", "blocks"]);
  expect(withBlock(withBlock({}, "unet.mid_block", 0.5), "text_encoder", 0)).toEqual({ "unet.mid_block": 0.5, text_encoder: 0, text_encoder_2: 0 });
  expect(withBlock({ text_encoder: 0, text_encoder_2: 0 }, "text_encoder", 1)).toEqual({});
});

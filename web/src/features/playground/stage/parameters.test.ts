import { expect, it } from "vitest";
import { NOTHING } from "@/features/playground/state/settings";
import { parametersText } from "./parameters";

it("writes what AUTOMATIC1111 writes", () => {
  const asked = { ...NOTHING, prompt: "a (red:1.2) fox", negative_prompt: "blurry", seed: 7, sampler: "dpmpp_2m_karras" as const, clip_skip: 1, loras: [{ lora: "l1", strength: 0.8 }] };
  expect(parametersText({ asked, width: 64, height: 96, steps: 30, guidance: 3.5 }, { loras: ["ink"], base: "Thimble" })).toBe(
    "a (red:1.2) fox <lora:ink:0.8>\nNegative prompt: blurry\nSteps: 30, Sampler: DPM++ 2M Karras, CFG scale: 3.5, Seed: 7, Size: 64x96, Model: Thimble, Clip skip: 2",
  );
});

it("leaves out what is not known", () => {
  expect(parametersText({ asked: NOTHING, width: 64, height: 64, steps: 0, guidance: 0 }, { loras: [], base: "" })).toBe("\nSampler: DDIM, Size: 64x64");
});

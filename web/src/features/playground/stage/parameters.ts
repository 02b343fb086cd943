// The settings of a picture as text, in the shape that AUTOMATIC1111 made usual and other tools read.
import type { Asked } from "@/features/playground/state/settings";

const SAMPLERS: Record<Asked["sampler"], string> = { ddim: "DDIM", euler: "Euler", euler_a: "Euler a", dpmpp_2m_karras: "DPM++ 2M Karras", lcm: "LCM" };

interface Made {
  asked: Asked;
  width: number;
  height: number;
  steps: number;
  guidance: number;
}

/** `names` are those of the LoRAs, in their order, and of the base. */
export function parametersText({ asked, width, height, steps, guidance }: Made, names: { loras: readonly string[]; base: string }): string {
  const tags = asked.loras.map(({ strength }, at) => `<lora:${names.loras[at] ?? ""}:${strength}>`);
  const settings: [string, string | number][] = [
    ["Steps", steps],
    ["Sampler", SAMPLERS[asked.sampler]],
    ["CFG scale", guidance],
    ["Seed", asked.seed],
    ["Size", `${width}x${height}`],
    ["Model", names.base],
    ...(asked.clip_skip > 0 ? [["Clip skip", asked.clip_skip + 1] as [string, number]] : []),
    ...(asked.picture ? [["Denoising strength", asked.variation] as [string, number]] : []),
  ];
  return [
    [asked.prompt, ...tags].filter((one) => one !== "").join(" "),
    ...(asked.negative_prompt === "" ? [] : [`Negative prompt: ${asked.negative_prompt}`]),
    settings.filter(([, value]) => value !== 0 && value !== "").map(([key, value]) => `${key}: ${value}`).join(", "),
  ].join("\n");
}

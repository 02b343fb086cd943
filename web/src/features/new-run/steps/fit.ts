// Which presets and base models go together, and with this machine.
import type { Machine, Model, Preset } from "@/api/types";

/** Memory of the largest card in GB; 0 without one. */
export function memoryOf(machine: Machine): number {
  const cards = machine.devices.filter((device) => device.kind === "cuda").map((device) => device.memory_total / 1e9);
  return Math.max(0, ...cards);
}

/** A card of "12 GB" has a little less than that, counted in bytes, or a little more. */
export function fits(preset: Preset, memory: number): boolean {
  return preset.memory.length === 0 || preset.memory.some((needed) => needed <= memory * 1.08);
}

export function firstPreset(presets: readonly Preset[], memory: number): Preset | undefined {
  return presets.find((preset) => fits(preset, memory)) ?? presets[0];
}

/** The base that is taken while the person has named none. */
export function baseFor(preset: Preset | undefined, models: readonly Model[], preferred: string | null): Model | undefined {
  const able = models.filter((model) => model.available && (preset === undefined || suits(preset, model)));
  return able.find((model) => isNamed(model, preferred)) ?? able[0];
}

export function suits(preset: Preset, model: Model): boolean {
  return preset.families.some((family) => family === model.family);
}

/** A config may name a base model by its id, its name or its source. */
export function isNamed(model: Model, name: unknown): boolean {
  return name === model.id || name === model.name || name === model.source;
}

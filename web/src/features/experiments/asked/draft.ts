/** What a person has chosen for a new experiment; null where nothing was said and the usual holds. */
import type { ExperimentAsked } from "@/api/types";
import { type Kind } from "@/api/kinds";

export type Sampler = ExperimentAsked["samplers"][number];
export const SAMPLERS: readonly Sampler[] = ["ddim", "euler", "euler_a", "dpmpp_2m_karras", "lcm"];

/** A run's LoRA (`step` null) or one of its checkpoints. */
export interface ChosenRun {
  id: string;
  step: number | null;
}

export interface Draft {
  base: boolean;
  loras: string[];
  runs: ChosenRun[];
  strengths: number[] | null;
  /** One a line. */
  prompts: string | null;
  seeds: number;
  firstSeed: number;
  bases: string[] | null;
  samplers: Sampler[];
  negative: string;
  steps: number | null;
  guidance: number | null;
  width: number | null;
  height: number | null;
  system: string;
  maxTokens: number;
  measure: boolean;
  /** Labels that a machine must have to take it. */
  machines: string[];
  name: string;
}

export const FRESH: Draft = {
  base: true, loras: [], runs: [], strengths: null, prompts: null, seeds: 3, firstSeed: 1, bases: null, samplers: ["ddim"],
  negative: "", steps: null, guidance: null, width: null, height: null, system: "", maxTokens: 200, measure: true, machines: [], name: "",
};

/** The draft that an address asks for: `?lora=a&lora=b&run=c&step=200`; every `step` belongs to the run before it. */
export function draftFrom(params: URLSearchParams): Draft {
  const draft: Draft = { ...FRESH, loras: [...new Set(params.getAll("lora").filter(Boolean))], runs: [] };
  let run: string | null = null;
  let stepped = false;
  const close = () => {
    if (run !== null && !stepped) draft.runs.push({ id: run, step: null });
  };
  for (const [key, value] of params) {
    if (key === "run" && value) {
      close();
      run = value;
      stepped = false;
    }
    const step = Number(value);
    if (key === "step" && run !== null && Number.isInteger(step) && step >= 0) {
      draft.runs.push({ id: run, step });
      stepped = true;
    }
  }
  close();
  return draft;
}

export const sameRun = (a: ChosenRun, b: ChosenRun): boolean => a.id === b.id && a.step === b.step;

/** In the list if it was not, out of it if it was. */
export function toggled<T>(list: readonly T[], item: T, same: (a: T, b: T) => boolean = Object.is): T[] {
  const without = list.filter((one) => !same(one, item));
  return without.length < list.length ? without : [...list, item];
}

/** A single LoRA is asked for its best strength, several for which is better. */
export function usualStrengths({ loras, runs }: Pick<Draft, "loras" | "runs">): number[] {
  return loras.length + runs.length === 1 ? [0.5, 0.75, 1, 1.25] : [1];
}

export const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];

/** What a field of chips holds, as numbers: what is none, or out of reach, is left out. */
export function strengthsFrom(texts: readonly string[]): number[] {
  const found = texts.map((text) => Number(text.trim().replace(",", "."))).filter((value) => Number.isFinite(value) && Math.abs(value) <= 4);
  return [...new Set(found)].sort((a, b) => a - b);
}

export interface Named {
  lora: (id: string) => string;
  run: (one: ChosenRun) => string;
  base: string;
}

/** As it is sent. `usual` stands where the person has said nothing. */
export function askedOf(draft: Draft, kind: Kind, usual: { prompts: readonly string[]; base: string | undefined }, named: Named): ExperimentAsked {
  const texts = kind === "texts";
  return {
    kind,
    candidates: [
      ...(draft.base ? [{ what: "base" as const, label: named.base }] : []),
      ...draft.loras.map((id) => ({ what: "lora" as const, id, label: named.lora(id) })),
      ...draft.runs.map((one) => ({ what: "run" as const, id: one.id, step: one.step, label: named.run(one) })),
    ],
    strengths: draft.strengths ?? usualStrengths(draft),
    prompts: draft.prompts === null ? [...usual.prompts] : linesOf(draft.prompts),
    seeds: Array.from({ length: draft.seeds }, (_, n) => draft.firstSeed + n),
    bases: draft.bases ?? (draft.loras.length + draft.runs.length === 0 && usual.base ? [usual.base] : []),
    samplers: texts ? ["ddim"] : draft.samplers,
    negative_prompt: texts ? "" : draft.negative,
    steps: texts ? null : draft.steps,
    guidance: texts ? null : draft.guidance,
    width: texts ? null : draft.width,
    height: texts ? null : draft.height,
    system: texts ? draft.system : "",
    max_tokens: draft.maxTokens,
    measure: draft.measure,
    after: [],
  };
}

/** The first family that was chosen, and the names of what does not go with it. */
export function familyOf(chosen: readonly { name: string; family: string }[]): { family: string | null; misfits: string[] } {
  const family = chosen[0]?.family ?? null;
  return { family, misfits: chosen.filter((one) => one.family !== family).map((one) => one.name) };
}

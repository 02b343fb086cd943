// All that is chosen in the playground: kept in this browser, sent with a link, taken from a drawing.
import type { DrawAsked, Drawing, LoraAsked, Sampler } from "@/features/playground/types";

export interface Asked extends DrawAsked {
  loras: LoraAsked[];
}

export interface Settings {
  asked: Asked;
  /** Whether the seed stays as it is. */
  locked: boolean;
  /** Whether it draws while one types. */
  live: boolean;
  /** Whether a picture carries what it was made with. */
  metadata: boolean;
}

export const SAMPLERS: readonly Sampler[] = ["ddim", "euler", "euler_a", "dpmpp_2m_karras", "lcm"];
/** Steps of a quick drawing: enough to see where it goes. */
export const QUICK_STEPS = 6;
export const SEEDS = 2 ** 32;
const MOST_LORAS = 10;

export const NOTHING: Asked = {
  base_model: "thimble", loras: [], prompt: "", negative_prompt: "", seed: 0, steps: null, guidance: null, sampler: "ddim",
  width: null, height: null, clip_skip: 0, picture: null, variation: 0.6,
};
export const USUAL: Settings = { asked: NOTHING, locked: false, live: true, metadata: true };

export const newSeed = (): number => Math.floor(Math.random() * SEEDS);
export const cheaper = (asked: Asked): boolean => asked.steps == null || asked.steps > QUICK_STEPS;
export const quickly = (asked: Asked): Asked => (cheaper(asked) ? { ...asked, steps: QUICK_STEPS } : asked);

type Loose = Record<string, unknown>;
const loose = (value: unknown): Loose => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {});
const text = (value: unknown, usual: string): string => (typeof value === "string" ? value : usual);
const number = (value: unknown, least: number, most: number): number | null =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : null;
const whole = (value: unknown, least: number, most: number): number | null => {
  const found = number(value, least, most);
  return found === null ? null : Math.round(found);
};
const side = (value: unknown): number | null => {
  const found = number(value, 32, 2048);
  return found === null ? null : Math.round(found / 8) * 8;
};

function loraOf(value: unknown): LoraAsked[] {
  const { lora, run, step, strength, blocks } = loose(value);
  if (typeof lora !== "string" && typeof run !== "string") return [];
  const known = Object.entries(loose(blocks)).filter((one): one is [string, number] => typeof one[1] === "number");
  const where = typeof lora === "string" ? { lora } : { run: String(run), step: whole(step, 0, 1e9) };
  return [{ ...where, strength: number(strength, -4, 4) ?? 1, blocks: Object.fromEntries(known) }];
}

/** Whatever was stored, sent or asked for earlier, as it may be asked for now: what makes no sense is as usual. */
export function askedOf(value: unknown): Asked {
  const from = loose(value);
  const { kind, id } = loose(from.picture);
  const loras = Array.isArray(from.loras) ? from.loras.flatMap(loraOf).slice(0, MOST_LORAS) : [];
  return {
    base_model: text(from.base_model, NOTHING.base_model), loras, prompt: text(from.prompt, ""), negative_prompt: text(from.negative_prompt, ""),
    seed: whole(from.seed, 0, SEEDS - 1) ?? 0, steps: whole(from.steps, 1, 150), guidance: number(from.guidance, 0, 50),
    sampler: SAMPLERS.find((one) => one === from.sampler) ?? "ddim", width: side(from.width), height: side(from.height), clip_skip: whole(from.clip_skip, 0, 8) ?? 0,
    picture: typeof id === "string" && (kind === "drawing" || kind === "image") ? { kind, id } : null, variation: number(from.variation, 0.05, 1) ?? 0.6,
  };
}

/** As it was left; at the first time with a seed of its own. */
export function revived(stored: string | null): Settings {
  try {
    const kept = loose(JSON.parse(stored ?? "null"));
    if (kept.asked === undefined) return { ...USUAL, asked: { ...NOTHING, seed: newSeed() } };
    return { asked: askedOf(kept.asked), locked: kept.locked === true, live: kept.live !== false, metadata: kept.metadata !== false };
  } catch {
    return { ...USUAL, asked: { ...NOTHING, seed: newSeed() } };
  }
}

/** The address that opens the playground with these settings elsewhere. */
export function linkTo(asked: Asked): string {
  const changed = Object.entries(asked).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(NOTHING[key as keyof Asked]));
  return `/playground#${encodeURIComponent(JSON.stringify(Object.fromEntries(changed)))}`;
}

export function fromHash(hash: string): Asked | null {
  if (hash.length < 2) return null;
  try {
    return askedOf(JSON.parse(decodeURIComponent(hash.slice(1))));
  } catch {
    return null;
  }
}

/** With one LoRA alone, on the base it was made for, its trigger word in the prompt: what was written stays. */
export function tried(asked: Asked, lora: LoraAsked, base: string, trigger: string): Asked {
  const has = trigger === "" || asked.prompt.toLowerCase().includes(trigger.toLowerCase());
  const prompt = has ? asked.prompt : [trigger, asked.prompt].filter((one) => one.trim() !== "").join(", ");
  return { ...asked, loras: [lora], base_model: base, prompt, picture: null };
}

export const askedFrom = (drawing: Drawing): Asked => askedOf(drawing.asked);
export const sameAsked = (a: Asked, b: Asked): boolean => JSON.stringify(askedOf(a)) === JSON.stringify(askedOf(b));
export const loraKey = ({ lora, run, step }: LoraAsked): string => (lora ? `lora ${lora}` : `run ${run ?? ""} ${step ?? "newest"}`);

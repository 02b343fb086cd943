// What is known of the LoRAs that are chosen: of one of the gallery, or of what a run has trained so far.
import { useQueries } from "@tanstack/react-query";
import { loraQuery } from "@/features/loras/queries";
import { runQuery } from "@/features/runs/queries";
import type { LoraAsked } from "@/features/playground/types";

export interface LoraInfo {
  /** Null until it is known. */
  name: string | null;
  family: string | null;
  base: string | null;
  trigger: string;
  preview: string | null;
  /** The run it comes from, whose prompts suit it. */
  run: string | null;
  error: unknown;
}

const UNKNOWN: LoraInfo = { name: null, family: null, base: null, trigger: "", preview: null, run: null, error: null };

export function useLoraInfo(loras: readonly LoraAsked[]): LoraInfo[] {
  const own = useQueries({ queries: loras.map(({ lora }) => ({ ...loraQuery(lora ?? ""), enabled: Boolean(lora), staleTime: 60_000 })) });
  const runs = useQueries({ queries: loras.map(({ lora, run }) => ({ ...runQuery(run ?? ""), enabled: !lora && Boolean(run), staleTime: 10_000 })) });
  return loras.map((_, at) => {
    const lora = own[at]?.data;
    if (lora) return { name: lora.name, family: lora.family, base: lora.base_model, trigger: lora.trigger, preview: lora.preview, run: lora.run, error: null };
    const run = runs[at]?.data;
    if (run) return { ...UNKNOWN, name: run.name, family: run.family, base: run.base_model, preview: run.cover ?? null, run: run.id };
    return { ...UNKNOWN, error: own[at]?.error ?? runs[at]?.error ?? null };
  });
}

/** The family that all of them are of; null while there is none, or they are not known yet. */
export const familyOf = (infos: readonly LoraInfo[]): string | null => infos.find((info) => info.family !== null)?.family ?? null;

// The form as it was left, kept in this browser for each LoRA.
import { useState } from "react";
import { kindOf } from "@/api/kinds";
import type { Lora, Targets } from "@/api/types";
import { type Draft, mended, startOf } from "@/features/publish/draft";
import { readStored, store } from "@/lib/stored";

function kept(lora: string): unknown {
  try {
    return JSON.parse(readStored(`publish ${lora}`) ?? "null");
  } catch {
    return null;
  }
}

export function useDraft(lora: Lora, targets: Targets) {
  const kind = kindOf(lora.family);
  const [draft, setDraft] = useState(() => mended(kept(lora.id), kind, startOf(kind, lora.name, targets), targets));
  const change = (some: Partial<Draft>) => {
    const next = { ...draft, ...some };
    setDraft(next);
    store(`publish ${lora.id}`, JSON.stringify(next));
  };
  return [draft, change] as const;
}

// What is asked about the form: the same object until something of it changes, so that whoever waits for it to rest does not wait for ever.
import { useMemo } from "react";
import { configOf, type Draft } from "@/features/new-run/draft";
import type { Nested } from "@/features/new-run/form/nested";

/** `base` and `name` stand where the person has named none. */
export function useAsked(draft: Draft, base: string | undefined, name: string | undefined): { config: Nested; dataset: string | null } {
  return useMemo(() => {
    const assumed = { ...(base !== undefined && { base_model: base }), ...(name !== undefined && { name }) };
    return { config: configOf(draft, assumed), dataset: draft.dataset };
  }, [draft, base, name]);
}

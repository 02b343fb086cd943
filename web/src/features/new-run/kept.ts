// The form as it was left, kept in this browser until the run is started: one for pictures, one for texts, for the address it was opened at.
import type { Kind } from "@/api/kinds";
import type { Draft } from "@/features/new-run/draft";
import { forget, readStored, store } from "@/lib/stored";

export interface Kept {
  /** What was looked at last. */
  kind: Kind;
  drafts: Partial<Record<Kind, Draft>>;
}

/** Without a draft it is only remembered which kind is looked at. */
export function keep(address: string, kind: Kind, draft?: Draft): void {
  const drafts = { ...kept(address)?.drafts, ...(draft && { [kind]: draft }) };
  store("draft", JSON.stringify({ address, kind, drafts }));
}

export function kept(address: string): Kept | null {
  try {
    const found = JSON.parse(readStored("draft") ?? "null") as (Kept & { address: string }) | null;
    return found?.address === address && found.drafts ? { kind: found.kind, drafts: found.drafts } : null;
  } catch {
    return null;
  }
}

export const forgetKept = () => forget("draft");

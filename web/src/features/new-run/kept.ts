// The form as it was left, kept in this browser until the run is started. One at a time, for the address it was opened at.
import type { Draft } from "@/features/new-run/draft";
import { forget, readStored, store } from "@/lib/stored";

export function keep(address: string, draft: Draft): void {
  store("draft", JSON.stringify({ address, draft }));
}

export function kept(address: string): Draft | null {
  try {
    const found = JSON.parse(readStored("draft") ?? "null") as { address: string; draft: Draft } | null;
    return found?.address === address ? found.draft : null;
  } catch {
    return null;
  }
}

export const forgetKept = () => forget("draft");

/** The form of a new experiment as it was left, for the address it was opened at. */
import { type Draft, FRESH } from "@/features/experiments/asked/draft";
import { forget, readStored, store } from "@/lib/stored";

export const keep = (address: string, draft: Draft) => store(`experiment ${address}`, JSON.stringify(draft));
export const forgetKept = (address: string) => forget(`experiment ${address}`);

/** Null where nothing was kept, or nothing that can be read. */
export function kept(address: string): Draft | null {
  try {
    const found = JSON.parse(readStored(`experiment ${address}`) ?? "null") as Partial<Draft> | null;
    return found === null ? null : { ...FRESH, ...found };
  } catch {
    return null;
  }
}

// What the list of uploads comes to.
import type { UploadResult } from "@/api/types";
import type { Item } from "./queue";

export interface Totals {
  files: number;
  settled: number;
  bytes: number;
  sent: number;
  added: number;
  duplicates: number;
  captions: number;
  failed: number;
  refused: readonly UploadResult["problems"][number][];
}

/** Files that were refused whole, and those inside an archive that was taken. */
function refusals(item: Item): UploadResult["problems"] {
  const inside = item.result?.problems ?? [];
  if (inside.length || item.state !== "refused") return inside;
  return [{ file: item.path, reason: item.error?.code ?? "", message: item.error?.message ?? "" }];
}

export function totalsOf(items: readonly Item[]): Totals {
  const sum = (of: (item: Item) => number) => items.reduce((total, item) => total + of(item), 0);
  const isOpen = (item: Item) => item.state === "waiting" || item.state === "sending" || item.state === "checking";
  return {
    files: items.length,
    settled: sum((item) => (isOpen(item) ? 0 : 1)),
    bytes: sum((item) => item.size),
    sent: sum((item) => (isOpen(item) ? Math.min(item.sent, item.size) : item.size)),
    added: sum((item) => item.result?.added ?? item.added),
    duplicates: sum((item) => item.result?.duplicates ?? 0),
    captions: sum((item) => item.result?.captions ?? 0),
    failed: sum((item) => (item.state === "failed" ? 1 : 0)),
    refused: items.flatMap(refusals),
  };
}

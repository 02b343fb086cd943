// Differences by picture, in the order in which they came.
import type { Difference } from "../api";

export interface Differing {
  image: string;
  name: string;
  fields: Difference[];
}

/** Who wrote follows from what was written, and is said nowhere. */
const UNSAID = new Set(["author"]);

export function byImage(items: readonly Difference[]): Differing[] {
  const found = new Map<string, Differing>();
  for (const one of items) {
    if (UNSAID.has(one.field)) continue;
    const known = found.get(one.image) ?? { image: one.image, name: one.name, fields: [] };
    found.set(one.image, known);
    known.fields.push(one);
  }
  return [...found.values()];
}

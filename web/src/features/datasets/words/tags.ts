// Captions as tags, by the server's rules: what stands between commas, full-width ones too.

const COMMAS = /[,，、]/;

/** The tags as they are written, without the empty ones. */
export function tagsOf(caption: string | null): string[] {
  return (caption ?? "").split(COMMAS).map((tag) => tag.trim()).filter(Boolean);
}

/** What is typed, as the tags that a comma ended and the rest that is still written. */
export function taken(text: string): { tags: string[]; rest: string } {
  const parts = text.split(COMMAS);
  const rest = parts.pop() ?? "";
  return { tags: parts.map((tag) => tag.trim()).filter(Boolean), rest: parts.length ? rest.trimStart() : rest };
}

export const joined = (tags: readonly string[]): string => tags.join(", ");

/** What tags are compared by: case, underscores and runs of spaces do not matter. */
export function same(tag: string): string {
  return tag.replaceAll("_", " ").trim().replace(/\s+/g, " ").toLowerCase();
}

export const holds = (tags: readonly string[], tag: string): boolean => tags.some((one) => same(one) === same(tag));

/** The caption with the tag at its end, or without it. */
export function toggled(caption: string | null, tag: string): string {
  const tags = tagsOf(caption);
  return joined(holds(tags, tag) ? tags.filter((one) => same(one) !== same(tag)) : [...tags, tag]);
}

/** Of equal tags the first stays. */
export function once(tags: readonly string[]): string[] {
  const first = new Map<string, string>();
  for (const tag of tags) if (!first.has(same(tag))) first.set(same(tag), tag);
  return [...first.values()];
}

// The server's English sentences that have no code, known again by their words.

/** The key of the sentence of a broken rule: its words up to the first colon, without what the server puts in front. */
export function ruleOf(message: string): string {
  const words = message.replace(/^Value error, /, "").split(":")[0] ?? "";
  return words.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_|_$/g, "");
}

const NOTES = [
  { key: "unknown", like: /^`(?<what>.+)` has no counterpart in Loom and was not carried over\.$/s },
  { key: "twice", like: /^`(?<what>.+)` was not carried over: `(?<other>.+)` already says it\.$/s },
  { key: "adam", like: /^`optimizer: Adam` became AdamW, which differs in how weights decay\.$/ },
  { key: "prodigy", like: /^`(?<what>.+)` became Prodigy, its successor: it finds its own rate and wants learning_rate 1\.$/s },
  { key: "resolution", like: /^`(?<what>.+)` became (?<side>\d+), a square of the same area; buckets keep the aspect of each picture\.$/s },
] as const;

export interface Note {
  key: (typeof NOTES)[number]["key"];
  parts: { what?: string; other?: string; side?: string };
}

/** Which note of an importer this is, and what stands in it. */
export function noteOf(text: string): Note | null {
  for (const { key, like } of NOTES) {
    const found = like.exec(text);
    if (found) return { key, parts: { ...found.groups } };
  }
  return null;
}

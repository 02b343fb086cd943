// What a first drawing may be of: the prompts of the run a LoRA comes from, else what the base that comes with Loom knows.

/** Thimble reads English words, whatever the language of the page. */
const EMBEDDED = ["red apple on white background", "fox on blue background", "ice cream on pink background", "trumpet on white background"];
const MOST = 4;

export const suggested = (fromRun: readonly string[], embedded: boolean): string[] => [...new Set([...fromRun.filter((one) => one.trim() !== ""), ...(embedded ? EMBEDDED : [])])].slice(0, MOST);

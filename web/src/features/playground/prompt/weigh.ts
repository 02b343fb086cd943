// Control and an arrow weigh the words under the cursor: `word` becomes `(word:1.1)`, and at 1 is itself again (AUTOMATIC1111's habit).

export const STEP = 0.1;
const MOST = 4;
const WORD = /[^\s.,，。、;；:：!！?？/\\%^*=~`(){}[\]<>|]/u;
const LORA = /<lora:[^<>:]+:\s*([+-]?\d*\.?\d+)[^<>]*>/giu;
const GROUP = /\(([^()]*):\s*(\d*\.?\d+)\s*\)/gu;

/** What takes the place of the characters `start` to `end`, and what is chosen after it (all counted in the old text's start). */
export interface Edit {
  start: number;
  end: number;
  put: string;
  chosenStart: number;
  chosenEnd: number;
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

/** Null where there is nothing to weigh. */
export function weigh(text: string, from: number, to: number, by: number): Edit | null {
  return strengthened(text, from, to, by) ?? regrouped(text, from, to, by) ?? grouped(text, from, to, by);
}

/** The strength of the LoRA the cursor is in. */
function strengthened(text: string, from: number, to: number, by: number): Edit | null {
  for (const found of text.matchAll(LORA)) {
    const [whole, amount = "1"] = found;
    const start = found.index;
    if (from < start || to > start + whole.length) continue;
    const at = start + whole.lastIndexOf(amount);
    const put = rounded(Math.min(MOST, Math.max(-MOST, Number(amount) + by)));
    return { start: at, end: at + amount.length, put, chosenStart: from, chosenEnd: Math.min(to, at + put.length) };
  }
  return null;
}

/** The weight of the brackets that are chosen or that the cursor is in. */
function regrouped(text: string, from: number, to: number, by: number): Edit | null {
  for (const found of text.matchAll(GROUP)) {
    const [whole, words = "", amount = "1"] = found;
    const start = found.index;
    const end = start + whole.length;
    if (from < start || to > end) continue;
    const weight = Math.min(MOST, Math.max(0, Number(amount) + by));
    if (Math.abs(weight - 1) < 0.005) return { start, end, put: words, chosenStart: start, chosenEnd: start + words.length };
    return { start, end, put: `(${words}:${rounded(weight)})`, chosenStart: start + 1, chosenEnd: start + 1 + words.length };
  }
  return null;
}

/** Brackets around what is chosen, or around the word the cursor is in. */
function grouped(text: string, from: number, to: number, by: number): Edit | null {
  let [start, end] = [from, to];
  if (start === end) {
    while (start > 0 && WORD.test(text[start - 1] ?? "")) start--;
    while (end < text.length && WORD.test(text[end] ?? "")) end++;
  }
  while (start < end && /\s/.test(text[start] ?? "")) start++;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  const words = text.slice(start, end);
  if (words === "") return null;
  return { start, end, put: `(${words}:${rounded(1 + by)})`, chosenStart: start + 1, chosenEnd: start + 1 + words.length };
}

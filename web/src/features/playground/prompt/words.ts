// What is being typed at the cursor, and where a suggestion goes.
import type { Word } from "@/features/playground/types";

export interface Typed {
  kind: "any" | "lora" | "wildcard";
  /** The letters to look for. */
  search: string;
  /** Where the sign or the word begins and ends; a word ends at the cursor. */
  start: number;
  end: number;
}

const LORA = /<(?:l(?:o(?:r(?:a(?::([^<>:]*))?)?)?)?)?$/iu;
const WILDCARD = /(?:^|[^\w-])__([\p{L}\p{N}_-]*)$/u;
const REST_OF_LORA = /^[^<>,\s]*>/u;
const REST_OF_WILDCARD = /^[\p{L}\p{N}-]*__/u;
const WORD = /[^\s,，。、;；:：!！?？/\\|()[\]{}<>"“”]+$/u;
const HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Null where nothing is typed that could be meant: a single Latin letter says too little, a single Chinese one does not. */
export function typedAt(text: string, caret: number): Typed | null {
  const before = text.slice(0, caret);
  const rest = (pattern: RegExp): number => caret + (pattern.exec(text.slice(caret))?.[0].length ?? 0);
  const lora = LORA.exec(before);
  if (lora) return { kind: "lora", search: lora[1] ?? "", start: lora.index, end: rest(REST_OF_LORA) };
  const wildcard = WILDCARD.exec(before);
  if (wildcard) return { kind: "wildcard", search: wildcard[1] ?? "", start: caret - (wildcard[1] ?? "").length - 2, end: rest(REST_OF_WILDCARD) };
  const word = WORD.exec(before)?.[0] ?? "";
  if (!/\p{L}/u.test(word) || (word.length < 2 && !HAN.test(word))) return null;
  return { kind: "any", search: word, start: caret - word.length, end: caret };
}

/** Of the server's words those that can stand here, without one that is already typed in full. */
export function fitting(words: readonly Word[], text: string, typed: Typed): Word[] {
  return words.filter((word) => {
    if (typed.kind !== "any") return word.kind === typed.kind;
    const { start, end, put } = placed(text, typed, word);
    return text.slice(start, end) !== put;
  });
}

/** What takes the place of which characters. A tag of several words takes in those of them that are written already. */
export function placed(text: string, typed: Typed, word: Word): { start: number; end: number; put: string } {
  const put = written(word);
  const { end } = typed;
  if (typed.kind !== "any" || word.kind === "lora" || word.kind === "wildcard") return { start: typed.start, end, put };
  const before = text.slice(0, end).toLowerCase();
  const wanted = put.toLowerCase();
  for (let length = Math.min(wanted.length, before.length); length > end - typed.start; length--) {
    const at = end - length;
    if (wanted.startsWith(before.slice(at)) && (at === 0 || /[\s,，。、(（[]/u.test(before[at - 1] ?? ""))) return { start: at, end, put };
  }
  return { start: typed.start, end, put };
}

/** As it stands in a prompt. */
export function written({ text, kind }: Word): string {
  if (kind === "lora") return text.startsWith("<") ? text : `<lora:${text}:1>`;
  if (kind === "wildcard") return text.startsWith("__") ? text : `__${text}__`;
  return text;
}

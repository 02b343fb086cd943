// What changed between two captions, word by word; Chinese and Japanese letter by letter.

export interface Part {
  kind: "same" | "gone" | "new";
  text: string;
}

const TOKENS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}_'’-]+|\s+|./gsu;
/** Longer texts than this squared are shown as wholly replaced, so that no preview holds up the page. */
const MOST = 1_500;

const tokens = (text: string): string[] => text.match(TOKENS) ?? [];

/** The parts of both texts in reading order; neighbours of one kind are joined. */
export function wordDiff(before: string, after: string): Part[] {
  const a = tokens(before);
  const b = tokens(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const head = a.slice(0, start);
  const tail = a.slice(a.length - end);
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return merged([part("same", head), ...middle, part("same", tail)]);
}

/** Share of the longer text that both have, from 0 to 1: below a quarter, marks say no more than that all is different. */
export function alike(parts: readonly Part[]): number {
  const length = (...kinds: Part["kind"][]) => parts.reduce((sum, one) => sum + (kinds.includes(one.kind) ? one.text.trim().length : 0), 0);
  const same = length("same");
  return same / Math.max(1, same + length("gone"), same + length("new"));
}

const part = (kind: Part["kind"], words: readonly string[]): Part => ({ kind, text: words.join("") });

/** The longest common subsequence of what is left, walked from its table. */
function between(a: readonly string[], b: readonly string[]): Part[] {
  if (a.length * b.length > MOST ** 2) return [part("gone", a), part("new", b)];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const parts: Part[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      parts.push({ kind: "same", text: a[i++] ?? "" });
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) parts.push({ kind: "gone", text: a[i++] ?? "" });
    else parts.push({ kind: "new", text: b[j++] ?? "" });
  }
  return parts;
}

/** Between two sames, what went comes before what came, each in one piece: a blank between changed words belongs to them. */
function merged(parts: readonly Part[]): Part[] {
  const found: Part[] = [];
  let gone = "";
  let fresh = "";
  let blank = "";
  const flush = (text: string) => {
    if (gone) found.push({ kind: "gone", text: gone });
    if (fresh) found.push({ kind: "new", text: fresh });
    const last = found.at(-1);
    if (last?.kind === "same") last.text += text;
    else if (text) found.push({ kind: "same", text });
    gone = fresh = blank = "";
  };
  for (const { kind, text } of parts) {
    if (kind === "same") {
      if (gone && fresh && !blank && /^\s+$/.test(text)) blank = text;
      else flush(blank + text);
      continue;
    }
    if (kind === "gone") gone += blank + text;
    else fresh += blank + text;
    if (blank && kind === "gone") fresh += blank;
    else if (blank) gone += blank;
    blank = "";
  }
  flush(blank);
  return found;
}

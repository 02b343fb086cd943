// The mock's playground: pictures that come step by step, a history, marks of prompts, words and wildcards, all in memory.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DrawAsked, Drawing, PromptView, Span, Wildcard, Word } from "../src/api/types.ts";
import { loras } from "./experiments.ts";
import { picture } from "./pictures.ts";
import { type Call, fail, page, type Reply } from "./reply.ts";

interface Body {
  drawing: DrawAsked;
  stream: string;
  keep: boolean;
}

const STEP_MS = 25;
const drawings: Drawing[] = [];
const pictures = new Map<string, string>();
const newest = new Map<string, number>();
const wildcards = new Map<string, string[]>([["colour", ["red", "ink blue", "moss green"]], ["weather", ["first snow", "morning haze", "after rain"]], ["颜色", ["朱红", "青绿"]]]);
let loaded = "thimble";

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const sideOf = (asked: DrawAsked) => [asked.width ?? 64, asked.height ?? 64] as const;
const hash = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
/** A quick one looks alike, but coarser. */
function drawn(asked: DrawAsked, steps: number): string {
  const [width, height] = sideOf(asked);
  const strength = (asked.loras ?? []).reduce((sum, one) => sum + one.strength, 0);
  const svg = picture(hash(asked.prompt ?? "") + (asked.seed ?? 0) + Math.round(strength * 4), width, height);
  return steps > 8 ? svg : svg.replace("<svg ", '<svg style="filter:blur(1px)" ');
}

export async function drawRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { drawing: asked, stream, keep } = JSON.parse(Buffer.concat(chunks).toString()) as Body;
  const mine = (newest.get(stream) ?? 0) + 1;
  newest.set(stream, mine);
  response.writeHead(200, { "Content-Type": "application/x-ndjson" });
  const [width, height] = sideOf(asked);
  const total = asked.steps ?? 30;
  const base = { done: 0, total, picture: null, kept: null, width, height, steps: total, guidance: asked.guidance ?? 3, prompt: asked.prompt ?? "", load_ms: 0, swap_ms: 2, draw_ms: total * STEP_MS, warnings: [] as string[] };
  const say = (part: object) => response.write(`${JSON.stringify({ ...base, ...part })}\n`);
  if (asked.prompt === "in use") {
    say({ event: "error", code: "in_use", message: "Run r1 trains on this device.", hint: "Wait until it has finished." });
    return void response.end();
  }
  if (loaded !== asked.base_model) {
    say({ event: "loading" });
    await sleep(1500);
    loaded = asked.base_model ?? "thimble";
  }
  for (let done = 1; done <= total; done++) {
    await sleep(STEP_MS);
    if (request.destroyed && response.destroyed) return;
    if (stream && newest.get(stream) !== mine) return void response.end(`${JSON.stringify({ ...base, event: "newer" })}\n`);
    say({ event: "drawing", done });
  }
  const svg = drawn(asked, total);
  let kept: string | null = null;
  if (keep) {
    kept = Math.random().toString(36).slice(2, 8);
    pictures.set(kept, svg);
    drawings.unshift({ id: kept, asked, user: "mei", width, height, seconds: (total * STEP_MS) / 1000, picture: `/api/drawings/${kept}/picture`, created_at: new Date().toISOString() });
  }
  say({ event: "done", done: total, kept, picture: `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`, warnings: asked.prompt?.includes("odd") ? ["3 of 192 layers of “Ink XL” are not in this base."] : [] });
  response.end();
}

export const keptPicture = (id: string): string => pictures.get(id) ?? picture(hash(id));

export function drawingsOf({ method, query }: Call, id: string | undefined): Reply {
  if (!id) return page(drawings, query);
  const at = drawings.findIndex((one) => one.id === id);
  if (at < 0) return fail(404, "drawing_not_found", "There is no drawing of this id.");
  if (method !== "DELETE") return [200, drawings[at]];
  drawings.splice(at, 1);
  return [204];
}

const LIMIT = 75;
export function promptOf({ body }: Call): Reply {
  const prompt = String(body.prompt);
  const found = (pattern: RegExp, make: (match: RegExpExecArray) => Partial<Span>): Span[] =>
    [...prompt.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length, weight: 1, name: "", known: true, kind: "weight", ...make(match as RegExpExecArray) }));
  const spans = [
    ...found(/\([^()]*?(?::(\d*\.?\d+))?\)/g, (match) => ({ weight: Number(match[1] ?? 1.1) })),
    ...found(/<lora:([^:<>]+)(?::[^<>]*)?>/g, (match) => ({ kind: "lora", name: match[1], known: loras.some((one) => one.name === match[1]) })),
    ...found(/__([\w\u4e00-\u9fff-]+?)__/g, (match) => ({ kind: "wildcard", name: match[1], known: wildcards.has(match[1] ?? "") })),
    ...loras.filter((one) => one.trigger).flatMap((one) => found(new RegExp(one.trigger, "gi"), () => ({ kind: "trigger", name: one.trigger }))),
  ];
  const words = [...prompt.matchAll(/[\u4e00-\u9fff]|[\w'-]+|[^\s\w]/g)];
  const first = words[LIMIT];
  if (first) spans.push({ start: first.index, end: prompt.length, kind: "cut", weight: 1, name: "", known: true });
  return [200, { tokens: words.length, limit: LIMIT, spans } satisfies PromptView];
}

const TAGS = ["long hair", "lighthouse", "landscape", "lantern", "mountain", "morning haze", "mist", "inn on a slope", "山水", "松树", "小桥"];
export function wordsOf({ query }: Call): Reply {
  const search = (query.get("search") ?? "").toLowerCase();
  const all: Word[] = [
    ...loras.filter((one) => one.trigger).map((one) => ({ text: one.trigger, kind: "trigger" as const, detail: one.name, count: 0 })),
    ...TAGS.map((text, at) => ({ text, kind: "tag" as const, detail: "", count: 400 - at * 31 })),
    ...loras.map((one) => ({ text: `<lora:${one.name}:1>`, kind: "lora" as const, detail: one.trigger, count: 0 })),
    ...[...wildcards].map(([text, lines]) => ({ text, kind: "wildcard" as const, detail: "", count: lines.length })),
  ];
  return page(all.filter((one) => one.text.toLowerCase().includes(search)));
}

export function wildcardsOf({ method, body }: Call, id: string | undefined): Reply {
  const name = decodeURIComponent(id ?? "");
  if (!name) return page([...wildcards].map(([key, lines]): Wildcard => ({ name: key, lines })).sort((a, b) => a.name.localeCompare(b.name)));
  if (method === "DELETE") return [204, void wildcards.delete(name)];
  wildcards.set(name, body.lines as string[]);
  return [200, { name, lines: body.lines as string[] } satisfies Wildcard];
}

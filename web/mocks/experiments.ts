// The mock's experiments: one that is finished, one that goes, one of texts; votes are kept, pictures are made of prompt, seed and column.
import { columnsOf } from "../src/features/experiments/asked/columns.ts";
import type { Ballot, Cell, Experiment, ExperimentAsked, Lora, Measured, Ranking, Run } from "../src/api/types.ts";
import * as data from "./data.ts";
import { picture } from "./pictures.ts";
import { type Call, fail, page, type Reply } from "./reply.ts";

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const lora = (id: string, name: string, run: string | null, family: string, trigger: string): Lora => ({
  id, name, run, family, trigger, base_model: family === "causal_lm" ? "tiny-chat" : family === "sdxl" ? "m2" : "thimble", rank: 16, alpha: 16, steps: 600, bytes: 9_400_000,
  sha256: id.repeat(32), created_at: ago(200), preview: family === "causal_lm" ? null : `/api/loras/${id}/preview`, metadata: {},
});
export const loras: Lora[] = [
  lora("l1", "Mountain inns v2", "r3", "sd1", "mtn inn"), lora("l2", "水墨山水", null, "sd1", "shuimo"), lora("l3", "Kettle, studio light", null, "sd1", "ktl4"),
  lora("l4", "Ink XL study", null, "sdxl", "inkxl"), lora("l5", "House style", null, "causal_lm", ""),
];

const PROMPTS = [
  "mtn inn on a slope, first snow", "mtn inn by a lake, autumn light, seen from the other shore with a small boat in front", "mtn inn at night, one window lit",
  "a kettle on a wooden table", "portrait of an old fisherman",
];
const ANSWERS = [
  "You can return it within thirty days. Send us the order number and we will mail you a label.",
  "Thirty days, no questions. Tell us the order number and a label is on its way to you today.",
  "Of course! You have thirty days. Just send the order number; we will mail you a label at once.",
  "Returns are possible within thirty days of the purchase, provided that the goods are unused.",
];

const asked = (part: Partial<ExperimentAsked>): ExperimentAsked => ({
  kind: "images", candidates: [], strengths: [1], prompts: PROMPTS, seeds: [1, 2, 3], bases: [], samplers: ["ddim"], negative_prompt: "", steps: null, guidance: null,
  width: null, height: null, system: "", max_tokens: 200, measure: true, after: [], ...part,
});

interface Kept {
  run: Run;
  asked: ExperimentAsked;
  /** When it started, for what goes; null: all is there. */
  since: number | null;
  votes: { left: number; right: number; winner: string }[];
  served: number;
}

const runOf = (id: string, name: string, part: Partial<Run>): Run =>
  ({ ...(data.runs[0] as Run), id, name, kind: "experiment", dataset: null, preset: null, loss: null, step: 0, total_steps: null, stage: null, tags: [], notes: "", cover: null, eta_seconds: null, eta_low_seconds: null, eta_high_seconds: null, ...part });

const BASE = { what: "base" as const, label: "Base alone" };
const kept: Kept[] = [
  {
    run: runOf("e1", "Mountain inns: which strength?", { state: "finished", started_at: ago(64), ended_at: ago(60), notes: "0.75 keeps the fisherman a fisherman." }),
    asked: asked({ candidates: [BASE, { what: "lora", id: "l1", label: "Mountain inns v2" }, { what: "lora", id: "l2", label: "水墨山水" }], strengths: [0.5, 0.75, 1, 1.25] }),
    since: null, votes: [], served: 0,
  },
  {
    run: runOf("e2", "Ink landscapes: checkpoints", { state: "running", started_at: ago(0), stage: "comparing" }),
    asked: asked({ candidates: [BASE, ...[100, 200, 300, 400].map((step) => ({ what: "run" as const, id: "r1", step, label: "Ink landscapes" }))], prompts: PROMPTS.slice(0, 3), seeds: [1, 2] }),
    since: Date.now(), votes: [], served: 0,
  },
  {
    run: runOf("e3", "House style: answers", { state: "finished", started_at: ago(90), ended_at: ago(88), family: "causal_lm", base_model: "tiny-chat" }),
    asked: asked({ kind: "texts", candidates: [BASE, { what: "lora", id: "l5", label: "House style" }], strengths: [0.5, 1], prompts: ["Can I send the shoes back?", "How long do I have?"], seeds: [1] }),
    since: null, votes: [], served: 0,
  },
];
for (const { run } of kept) data.runs.push(run);

const SECONDS = 1.4;

function cellsOf({ run, asked: wanted, since }: Kept): Cell[] {
  const columns = columnsOf(wanted).length;
  const all = columns * wanted.prompts.length * wanted.seeds.length;
  const done = since === null ? all : Math.min(all, Math.floor((Date.now() - since) / (SECONDS * 1000)));
  if (since !== null && done === all && run.state === "running") Object.assign(run, { state: "finished", stage: null, ended_at: ago(0) });
  return Array.from({ length: all }, (_, number) => {
    const seed = number % wanted.seeds.length;
    const prompt = Math.floor(number / wanted.seeds.length) % wanted.prompts.length;
    const column = Math.floor(number / wanted.seeds.length / wanted.prompts.length);
    const there = number < done;
    const texts = wanted.kind === "texts";
    return { number, column, prompt, seed, there, picture: there && !texts ? `/api/experiments/${run.id}/cells/${number}` : null, text: there && texts ? (ANSWERS[(column + prompt) % 4] ?? "") : null, seconds: there ? SECONDS : 0 };
  });
}

const MEASURED = [[0.271, 0.92, 0.64, 0.41, 0], [0.284, 0.71, 0.61, 0.55, 0.04], [0.291, 0.52, 0.58, 0.63, 0.07], [0.288, 0.41, 0.49, 0.78, 0.15], [0.262, 0.38, 0.31, 0.97, 0.29], [0.276, 0.8, 0.6, 0.5, 0.06], [0.279, 0.7, 0.57, 0.52, 0.09], [0.27, 0.66, 0.5, 0.61, 0.16], [0.251, 0.69, 0.36, 0.7, 0.33]];

function measuredOf(one: Kept): Measured[] {
  if (one.run.state !== "finished") return [];
  const columns = columnsOf(one.asked);
  if (one.asked.kind === "texts") return columns.map((_, column) => ({ column, perplexity: [14.2, 9.8, 8.1, 9.1][column] ?? 10 }));
  return columns.map((_, column) => {
    const [adherence, style, diversity, nearest, leak] = MEASURED[column] ?? [0.27, 0.5, 0.5, 0.5, 0.1];
    return { column, adherence, style, diversity, nearest, leak, nearest_cell: column * 15 + 2, nearest_image: `d1-${column}` };
  });
}

function proposalOf(one: Kept): Experiment["proposal"] {
  if (one.run.state !== "finished" || one.asked.kind === "texts") return null;
  return {
    column: 2, by: "measures", sure: true,
    reasons: [{ key: "best_adherence", value: 0.291, other: 0.271, text: "" }, { key: "keeps_diversity", value: 0.58, other: 0.64, text: "" }, { key: "few_votes", value: 4, other: 10, text: "" }],
  };
}

const viewOf = (one: Kept): Experiment => {
  const cells = cellsOf(one);
  one.run.stage_total = cells.length;
  one.run.stage_done = cells.filter((cell) => cell.there).length;
  return {
    run: one.run, experiment: one.asked, cells, measured: measuredOf(one), proposal: proposalOf(one), votes: one.votes.length,
    columns: columnsOf(one.asked).map((column, number) => ({ ...column, number, label: `${one.asked.candidates[column.candidate]?.label} @ ${column.strength}` })),
  };
};

const PAIRS = 12;

function ballotOf(one: Kept): Ballot {
  const cells = cellsOf(one).filter((cell) => cell.there);
  const each = one.asked.prompts.length * one.asked.seeds.length;
  if (one.votes.length >= PAIRS) return { left: null, right: null, prompt: "", done: PAIRS, total: PAIRS };
  const n = one.votes.length * 7 + 3;
  const columns = columnsOf(one.asked).length;
  const left = cells[((n % columns) * each + (n % each)) % cells.length];
  const right = cells[(((n * 3 + 1) % columns) * each + (n % each)) % cells.length];
  return { left: left ?? null, right: right ?? null, prompt: one.asked.prompts[left?.prompt ?? 0] ?? "", done: one.votes.length, total: PAIRS };
}

function rankingOf(one: Kept): Ranking {
  const columns = columnsOf(one.asked).length;
  const votes = one.votes.length + (one.run.id === "e1" ? 38 : 0);
  const order = [2, 1, 3, 6, 5, 0, 7, 4, 8].filter((column) => column < columns);
  const items = votes === 0 ? [] : order.map((column, place) => ({ column, score: 1.6 - place * 0.42, low: 1.6 - place * 0.42 - 0.55, high: 1.6 - place * 0.42 + 0.55, wins: 9 - place, votes: 9 }));
  return { items, votes, voters: votes === 0 ? 0 : 3, proposal: proposalOf(one) };
}

export function cellPicture(path: string): string {
  const [, , , id, , number] = path.split("/");
  const one = kept.find((each) => each.run.id === id);
  const cell = one && cellsOf(one)[Number(number)];
  const strength = one && cell ? (columnsOf(one.asked)[cell.column]?.strength ?? 0) : 0;
  const which = one && cell ? (columnsOf(one.asked)[cell.column]?.candidate ?? 0) : 0;
  const seed = (cell?.prompt ?? 0) * 97 + (cell?.seed ?? 0) * 13;
  const veil = `<rect width="64" height="64" fill="hsl(${which * 110 + (cell?.column ?? 0) * 9} 45% 40%)" opacity="${Math.min(0.7, strength * 0.45)}"/>`;
  return picture(seed, 64, 64).replace("</svg>", `${veil}<circle cx="${12 + strength * 26}" cy="44" r="${4 + which * 2}" fill="#fffdfa"/></svg>`);
}

const summaryOf = (one: Kept) => {
  const cells = cellsOf(one);
  const cover = one.asked.kind === "texts" ? null : (cells.find((cell) => cell.picture && cell.column === 2)?.picture ?? null);
  return { run: one.run, kind: one.asked.kind ?? "images", columns: columnsOf(one.asked).length, cells: cells.length, votes: one.votes.length, cover };
};

export function experiments({ method, body, query }: Call, id: string | undefined, rest: string | undefined): Reply {
  if (id === undefined && method === "POST") {
    const wanted = asked(body.experiment as ExperimentAsked);
    const run = runOf(Math.random().toString(36).slice(2, 8), String(body.name || "A comparison"), { state: "running", started_at: ago(0), created_at: ago(0), stage: "comparing" });
    const one = { run, asked: wanted, since: Date.now(), votes: [], served: 0 };
    kept.unshift(one);
    data.runs.push(run);
    return [201, viewOf(one)];
  }
  if (id === undefined) return page(kept.map(summaryOf), query);
  const one = kept.find((each) => each.run.id === id);
  if (!one) return fail(404, "run_not_found", "There is no such experiment.");
  if (rest === "votes") one.votes.push(body as unknown as Kept["votes"][number]);
  if (rest === "votes" || rest === "ballot") return [rest === "votes" ? 201 : 200, ballotOf(one)];
  if (rest === "ranking") return [200, rankingOf(one)];
  return [200, viewOf(one)];
}

export const runDiff = ({ query }: Call): Reply => {
  const runs = (query.get("runs") ?? "").split(",").flatMap((id) => data.runs.find((run) => run.id === id) ?? []);
  const values = <T>(list: T[]) => runs.map((_, n) => list[n % list.length]);
  return [200, { runs, settings: [
    { key: "lora.rank", values: values([8, 16]) }, { key: "optimizer.learning_rate", values: values([0.0001, 0.0004]) }, { key: "lora.targets", values: values(["attention", "attention+ff"]) },
    { key: "sample.prompts", values: values([["an inn, snow"], null]) },
  ] }];
};

export const sweeps = ({ body }: Call): Reply => {
  const [, made] = experiments({ method: "POST", path: "", query: new URLSearchParams(), body: { name: body.name, experiment: kept[0]?.asked } }, undefined, undefined);
  return [201, { runs: data.runs.slice(0, 2), experiment: (made as Experiment).run }];
};

/** What is read of a run and what it is told. */
export function runRest({ method, body }: Call, run: Run, rest: string | undefined): Reply | null {
  const page404 = (items: unknown[]): Reply => [200, { items, next: null }];
  if (rest === "checkpoints") return page404([100, 200, 300, 400, 500, 600].filter((step) => step <= run.step).map((step) => ({ step, bytes: 18_000_000, time: ago(60) })));
  if (rest === "samples") return page404(PROMPTS.slice(0, 3).flatMap((prompt, index) => [0, 200].map((step) => ({ index, prompt, seed: index, step, text: null, url: `/api/images/d2-${index}/thumbnail` }))));
  if (rest === "events") {
    const fall = run.id === "r3" ? 0.11 : 0.14;
    const items = Array.from({ length: 120 }, (_, n) => ({
      seq: n + 1, time: ago(60), payload: { type: "StepLogged", step: (n + 1) * 5, total_steps: 600, epoch: 1, loss: fall * Math.exp(-n / 45) + 0.05 + ((n * 37) % 11) / 900, smoothed_loss: 0.06, lr: 1e-4, step_seconds: 0.8, eta_seconds: 10, eta_low_seconds: 8, eta_high_seconds: 12, memory_bytes: 5e9, peak_memory_bytes: 6e9, device: "cuda:0" },
    }));
    return [200, { items, last_seq: 120 }];
  }
  if (method === "POST") {
    const states: Record<string, Run["state"]> = { pause: "paused", resume: "running", cancel: "cancelled" };
    run.state = states[rest ?? ""] ?? run.state;
    return [200, run];
  }
  if (method === "PATCH") return [200, Object.assign(run, body)];
  return null;
}

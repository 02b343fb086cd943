// The mock's REST: just enough of the contract to work on every screen.
import type { Dataset } from "../src/api/types.ts";
import * as data from "./data.ts";
import { datasetRest, engines, image, labelSets } from "./datasets.ts";
import { experiments, runDiff, runRest, sweeps } from "./experiments.ts";
import { lorasRest, publications, publishTargets } from "./publish.ts";
import { drawingsOf, promptOf, wildcardsOf, wordsOf } from "./playground.ts";
import { type Call, fail, page, type Reply } from "./reply.ts";

const remove = <T extends { id: string }>(list: T[], id: string): Reply => {
  const at = list.findIndex((item) => item.id === id);
  if (at < 0) return fail(404, "not_found", "There is nothing at this address.");
  list.splice(at, 1);
  return [204];
};
const newId = () => Math.random().toString(36).slice(2, 8);

function newDataset(name: string, pictures = 0): Dataset {
  const set: Dataset = { id: newId(), name, kind: "images", examples: 0, drafts: 0, created_at: new Date().toISOString(), images: pictures, captioned: pictures, bytes: pictures * 4_000, problems: 0, sample: pictures > 0, mine: true, covers: [] };
  set.covers = Array.from({ length: Math.min(4, pictures) }, (_, n) => `${set.id}-${n}`);
  data.datasets.unshift(set);
  return set;
}

function dataset(call: Call, id: string, rest: string | undefined, more: string[]): Reply {
  const { method, body } = call;
  const set = data.datasets.find((one) => one.id === id);
  if (!set) return fail(404, "dataset_not_found", "There is no data set of this id.");
  const edited = datasetRest(call, set, rest, more);
  if (edited) return edited;
  if (rest === "problems") {
    if (method === "DELETE") set.problems = 0;
    const items = ["broken.jpg", "notes.exe", "huge.tiff"].slice(0, set.problems).map((file, n) => ({
      file, reason: ["unreadable", "not_a_picture", "too_large"][n], created_at: set.created_at,
      message: ["The file ends in the middle of the picture.", "This is a program, not a picture.", "The picture has 240 megapixels; 100 are allowed."][n],
    }));
    return method === "DELETE" ? [204] : page(items);
  }
  if (method === "DELETE") return remove(data.datasets, id);
  if (method === "PATCH") set.name = String(body.name);
  return [200, set];
}

const NOUNS: Record<string, (call: Call, id: string | undefined, rest: string | undefined, more: string[]) => Reply> = {
  session: () => [200, { user: data.users[0], login_required: false, csrf: "mock", version: "0.1.0" }],
  machine: (_, id) => [200, id === "details" ? data.hardware : data.machine],
  forecasts: () => page([]),
  datasets: (call, id, rest, more) => {
    if (id === "sample") return [201, data.datasets.find((set) => set.name === "Sample") ?? newDataset("Sample", 24)];
    if (id) return dataset(call, id, rest, more);
    return call.method === "POST" ? [201, newDataset(String(call.body.name))] : page(data.datasets, call.query);
  },
  images: (call, id, rest) => image(call, id ?? "", rest),
  "caption-engines": engines,
  "label-sets": labelSets,
  presets: () => page(data.presets),
  queue: () => {
    const waiting = data.runs.filter((run) => run.state === "queued");
    return [200, { running: data.runs.filter((run) => run.state === "running"), waiting, total: waiting.length, next: null, paused: false }];
  },
  labels: () => [200, { labels: [...new Set(data.workers.flatMap((worker) => worker.labels))] }],
  workers: (call, id) => {
    const worker = data.workers.find((one) => one.id === id);
    if (!id) return page(data.workers);
    if (call.method === "DELETE") return remove(data.workers, id);
    return worker ? [200, Object.assign(worker, call.body)] : fail(404, "worker_not_found", "There is no such worker.");
  },
  drawings: drawingsOf,
  prompts: promptOf,
  words: wordsOf,
  wildcards: wildcardsOf,
  runs: (call, id, rest) => {
    const run = data.runs.find((one) => one.id === id) ?? (data.runs[0] as (typeof data.runs)[number]);
    const kind = call.query.get("kind") ?? "train";
    return id ? (runRest(call, run, rest) ?? [200, run]) : page(data.runs.filter((one) => (one.kind ?? "train") === kind), call.query);
  },
  experiments,
  "run-diff": runDiff,
  sweeps,
  loras: lorasRest,
  publications,
  "publish-targets": publishTargets,
  models: (call, id) => {
    if (call.method === "DELETE") return remove(data.models, id ?? "");
    if (call.method === "GET") return page(data.models);
    const source = String(call.body.source);
    if (/\.(ckpt|pt|bin)$/.test(source)) return fail(422, "pickle_refused", `${source} can hold programs.`);
    data.models.push({ ...(data.models[1] as (typeof data.models)[number]), id: newId(), name: source.split("/").pop() ?? source, source });
    return [201, data.models.at(-1)];
  },
  users: (call, id) => {
    if (id && call.method === "PATCH") return [200, Object.assign(data.users.find((user) => user.id === id) ?? {}, call.body)];
    if (id) return remove(data.users, id);
    if (call.method === "POST") data.users.push({ id: newId(), name: String(call.body.name), admin: Boolean(call.body.admin), team: String(call.body.team ?? ""), created_at: new Date().toISOString() });
    return call.method === "POST" ? [201, data.users.at(-1)] : page(data.users);
  },
  tokens: (call, id) => {
    if (id) return remove(data.tokens, id);
    if (call.method === "GET") return page(data.tokens);
    const token = { id: newId(), name: String(call.body.name), created_at: new Date().toISOString(), used_at: null };
    data.tokens.push(token);
    return [201, { ...token, token: "loom_4f0b9c7d1a2e8f6b3c5d7e9f0a1b2c3d" }];
  },
  settings: (call, id) => {
    if (id === "lifecycle") return [200, Object.assign(data.lifecycle, call.method === "PUT" ? call.body : {})];
    if (id !== "quotas") return [200, Object.assign(data.settings, call.method === "PUT" ? call.body : {})];
    if (call.method === "PUT") data.quotas.splice(0, data.quotas.length, ...(call.body.items as typeof data.quotas));
    return [200, { items: data.quotas }];
  },
  storage: () => [200, data.storage],
};

export function answer(call: Call): Reply {
  const [, , noun = "", id, rest, ...more] = call.path.split("/");
  return NOUNS[noun]?.(call, id, rest, more) ?? fail(404, "not_found", "There is nothing at this address.");
}

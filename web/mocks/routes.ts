// The mock's REST: just enough of the contract to work on every screen.
import type { Dataset, Image } from "../src/api/types.ts";
import * as data from "./data.ts";

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}
export type Reply = [status: number, body?: unknown];

const images = new Map<string, Image[]>();
export const imagesOf = (set: Dataset): Image[] => {
  const known = images.get(set.id) ?? data.makeImages(set);
  images.set(set.id, known);
  return known;
};

const fail = (status: number, code: string, message: string): Reply => [status, { error: { code, message, hint: "", problems: [] } }];
const page = <T>(items: T[], query?: URLSearchParams): Reply => {
  const start = Number(query?.get("cursor") ?? 0);
  const end = start + Number(query?.get("limit") ?? 50);
  return [200, { items: items.slice(start, end), next: end < items.length ? String(end) : null }];
};
const remove = <T extends { id: string }>(list: T[], id: string): Reply => {
  const at = list.findIndex((item) => item.id === id);
  if (at < 0) return fail(404, "not_found", "There is nothing at this address.");
  list.splice(at, 1);
  return [204];
};
const newId = () => Math.random().toString(36).slice(2, 8);
const stem = (text: string) => text.toLowerCase();

function newDataset(name: string, pictures = 0): Dataset {
  const set: Dataset = { id: newId(), name, created_at: new Date().toISOString(), images: pictures, captioned: pictures, bytes: pictures * 4_000, problems: 0, sample: pictures > 0, mine: true, covers: [] };
  set.covers = Array.from({ length: Math.min(4, pictures) }, (_, n) => `${set.id}-${n}`);
  data.datasets.unshift(set);
  return set;
}

function dataset({ method, query, body }: Call, id: string, rest: string | undefined): Reply {
  const set = data.datasets.find((one) => one.id === id);
  if (!set) return fail(404, "dataset_not_found", "There is no data set of this id.");
  if (rest === "images") {
    const wanted = stem(query.get("search") ?? "");
    return page(imagesOf(set).filter((image) => stem(image.name + image.caption).includes(wanted)), query);
  }
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

function image({ method, body }: Call, id: string): Reply {
  const set = data.datasets.find((one) => id.startsWith(`${one.id}-`));
  const list = set ? imagesOf(set) : [];
  const found = list.find((one) => one.id === id);
  if (!set || !found) return fail(404, "image_not_found", "There is no picture of this id.");
  if (method === "DELETE") set.images -= 1;
  if (method === "DELETE") return remove(list, id);
  if (String(body.caption).includes("fail")) return fail(507, "disk_full", "The disk is full.");
  found.caption = String(body.caption);
  return [200, found];
}

const NOUNS: Record<string, (call: Call, id: string | undefined, rest: string | undefined) => Reply> = {
  session: () => [200, { user: data.users[0], login_required: false, csrf: "mock", version: "0.1.0" }],
  machine: () => [200, data.machine],
  datasets: (call, id, rest) => {
    if (id === "sample") return [201, data.datasets.find((set) => set.name === "Sample") ?? newDataset("Sample", 24)];
    if (id) return dataset(call, id, rest);
    return call.method === "POST" ? [201, newDataset(String(call.body.name))] : page(data.datasets, call.query);
  },
  images: (call, id) => image(call, id ?? ""),
  presets: () => page(data.presets),
  queue: () => [200, { running: data.runs.filter((run) => run.state === "running"), waiting: data.runs.filter((run) => run.state === "queued"), paused: false }],
  runs: (call, id) => (id ? [200, data.runs.find((run) => run.id === id) ?? data.runs[0]] : page(data.runs, call.query)),
  loras: () => page([]),
  models: (call, id) => {
    if (call.method === "DELETE") return remove(data.models, id ?? "");
    if (call.method === "GET") return page(data.models);
    const source = String(call.body.source);
    if (/\.(ckpt|pt|bin)$/.test(source)) return fail(422, "pickle_refused", `${source} can hold programs.`);
    data.models.push({ ...(data.models[1] as (typeof data.models)[number]), id: newId(), name: source.split("/").pop() ?? source, source });
    return [201, data.models.at(-1)];
  },
  users: (call, id) => {
    if (id) return remove(data.users, id);
    if (call.method === "POST") data.users.push({ id: newId(), name: String(call.body.name), admin: Boolean(call.body.admin), created_at: new Date().toISOString() });
    return call.method === "POST" ? [201, data.users.at(-1)] : page(data.users);
  },
  tokens: (call, id) => {
    if (id) return remove(data.tokens, id);
    if (call.method === "GET") return page(data.tokens);
    const token = { id: newId(), name: String(call.body.name), created_at: new Date().toISOString(), used_at: null };
    data.tokens.push(token);
    return [201, { ...token, token: "loom_4f0b9c7d1a2e8f6b3c5d7e9f0a1b2c3d" }];
  },
  settings: (call) => [200, Object.assign(data.settings, call.method === "PUT" ? call.body : {})],
  storage: () => [200, data.storage],
};

export function answer(call: Call): Reply {
  const [, , noun = "", id, rest] = call.path.split("/");
  return NOUNS[noun]?.(call, id, rest) ?? fail(404, "not_found", "There is nothing at this address.");
}

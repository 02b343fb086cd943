// The mock's data sets: pictures, edits with their history, quality, captioning and labelling, all in memory.
import type { Change, Edit, Image, Labelling } from "../src/features/datasets/api.ts";
import { same, tagsOf } from "../src/features/datasets/words/tags.ts";
import type { Dataset } from "../src/api/types.ts";
import * as data from "./data.ts";
import { edited } from "./edits.ts";
import { ENGINES, findings, LABEL_SETS } from "./facts.ts";
import { type Call, fail, page, type Reply } from "./reply.ts";

type Values = Partial<Omit<Image, "id" | "name">>;
interface Past extends Change {
  items: { image: string; before: Values; after: Values }[];
}

const images = new Map<string, Image[]>();
const history = new Map<string, Past[]>();
const labelling = new Map<string, { labels: string[]; answers: Map<string, string> }>();

export const imagesOf = (set: Dataset): Image[] => {
  const known = images.get(set.id) ?? data.makeImages(set);
  images.set(set.id, known);
  return known;
};
const there = (set: Dataset) => imagesOf(set).filter((image) => !image.removed);
const pastOf = (set: Dataset): Past[] => {
  const known = history.get(set.id) ?? [];
  history.set(set.id, known);
  return known;
};
const values = (image: Image, keys: string[]) => Object.fromEntries(keys.map((key) => [key, image[key as keyof Image]])) as Values;

function record(set: Dataset, kind: string, words: Record<string, unknown>, wanted: [Image, Values][], by = "person:mei"): Past | null {
  const items = wanted.map(([image, after]) => ({ image: image.id, before: values(image, Object.keys(after)), after }));
  if (!items.length) return null;
  for (const [image, after] of wanted) Object.assign(image, after, { version: image.version + 1 }, "caption" in after ? { author: by } : {});
  const past = pastOf(set);
  const change = { number: past.length + 1, kind, by, words, count: items.length, created_at: new Date().toISOString(), undone: false, items };
  past.push(change);
  set.images = there(set).length;
  set.captioned = there(set).filter((image) => image.caption).length;
  return change;
}

interface Wanted {
  images?: string[] | null;
  search?: string | null;
  tag?: string[];
  only?: string | null;
  finding?: string | null;
}

function select(set: Dataset, { images: ids, search, tag = [], only, finding }: Wanted): Image[] {
  const found = finding ? findings(there(set)).find((one) => one.kind === finding)?.images : null;
  return imagesOf(set).filter((image) => {
    if (image.removed !== (only === "removed")) return false;
    if ((ids && !ids.includes(image.id)) || (found && !found.includes(image.id))) return false;
    if (only === "uncaptioned" && image.caption) return false;
    if ((only === "held_out" && !image.held_out) || (only === "repeated" && image.repeats < 2)) return false;
    const tags = tagsOf(image.caption).map(same);
    return tag.every((one) => tags.includes(same(one))) && `${image.name}${image.caption ?? ""}`.toLowerCase().includes((search ?? "").toLowerCase());
  });
}

function edits(set: Dataset, body: Record<string, unknown>): Reply {
  const edit = body.edit as Edit;
  const chosen = select(set, { ...(body as Wanted), ...(edit.do === "bring_back" ? { only: "removed" } : {}) });
  const wanted: [Image, Values][] = [];
  try {
    for (const image of chosen) {
      const after = edited(edit, image);
      if (Object.entries(after).some(([key, value]) => image[key as keyof Image] !== value)) wanted.push([image, after]);
    }
  } catch (error) {
    return fail(422, "pattern_invalid", `This pattern cannot be read: ${(error as Error).message}.`);
  }
  const items = wanted.slice(0, 100).map(([image, after]) => {
    const [key, value] = Object.entries(after)[0] ?? [];
    return { id: image.id, name: image.name, before: image[key as keyof Image], after: value };
  });
  const change = body.preview ? null : record(set, "edit", edit, wanted);
  return [200, { change: change?.number ?? null, count: wanted.length, items }];
}

function undo(set: Dataset, number: number): Reply {
  const change = pastOf(set).find((one) => one.number === number);
  if (!change) return fail(404, "change_not_found", "There is no such change.");
  const by = new Map(imagesOf(set).map((image) => [image.id, image]));
  const wanted: [Image, Values][] = [];
  const conflicts: string[] = [];
  for (const { image: id, before, after } of change.items) {
    const image = by.get(id);
    if (!image) continue;
    const untouched = JSON.stringify(values(image, Object.keys(after))) === JSON.stringify(after);
    if (untouched) wanted.push([image, before]);
    else conflicts.push(id);
  }
  const made = record(set, "undo", { of: number }, wanted);
  if (made) change.undone = true;
  if (made && change.kind === "undo") for (const one of pastOf(set)) if (one.number === change.words.of) one.undone = false;
  return [200, { change: made?.number ?? null, count: wanted.length, conflicts }];
}

function differences(set: Dataset, from: number) {
  const first = new Map<string, unknown>();
  for (const change of pastOf(set)) {
    if (change.number <= from) continue;
    for (const { image, before } of change.items)
      for (const [field, value] of Object.entries(before)) if (!first.has(`${image} ${field}`)) first.set(`${image} ${field}`, value);
  }
  return [...first].flatMap(([place, before]) => {
    const [id = "", field = ""] = place.split(" ");
    const image = imagesOf(set).find((one) => one.id === id);
    const after = image?.[field as keyof Image];
    return image && after !== before ? [{ image: id, name: image.name, field, before, after }] : [];
  });
}

function restore(set: Dataset, version: number): Reply {
  const wanted = differences(set, version).flatMap(({ image: id, field, before }): [Image, Values][] => {
    const image = imagesOf(set).find((one) => one.id === id);
    return image ? [[image, { [field]: before }]] : [];
  });
  const change = record(set, "restore", { version }, wanted);
  return [200, { change: change?.number ?? null, count: wanted.length, items: [] }];
}

function tags(set: Dataset, beside: string[]) {
  const counts = new Map<string, { tag: string; count: number }>();
  for (const image of there(set)) {
    const own = tagsOf(image.caption);
    if (!beside.every((tag) => own.map(same).includes(same(tag)))) continue;
    for (const tag of own) counts.set(same(tag), { tag, count: (counts.get(same(tag))?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag));
}

function captions(set: Dataset, body: Record<string, unknown>): Reply {
  const job = body.job as { engine: string; existing: string };
  const run = { ...(data.runs[1] as (typeof data.runs)[number]), id: Math.random().toString(36).slice(2, 8), name: set.name, kind: "caption", state: "running", position: null,
    dataset: { id: set.id, name: set.name }, stage: "captioning", stage_done: 0, stage_total: set.images } as (typeof data.runs)[number];
  data.runs.unshift(run);
  const timer = setInterval(() => {
    run.stage_done = Math.min(set.images, (run.stage_done ?? 0) + Math.ceil(set.images / 12));
    if (run.stage_done < set.images || run.state !== "running") return;
    clearInterval(timer);
    run.state = "finished";
    const wanted = there(set).filter((image) => job.existing !== "keep" || !image.caption).map((image, n): [Image, Values] => [image, { caption: ["a kettle", "a hill", "an inn, snow"][n % 3] }]);
    record(set, "engine", { engine: job.engine }, wanted, `engine:${job.engine} 1`);
  }, 700);
  return [201, run];
}

function learning(set: Dataset, { method, body }: Call, rest: string | undefined, answer: string | undefined): Reply {
  const state = labelling.get(set.id) ?? { labels: [], answers: new Map<string, string>() };
  labelling.set(set.id, state);
  if (method === "PUT") state.labels = body.labels as string[];
  if (method === "DELETE") state.answers.delete(answer ?? "");
  else if (rest === "answers") state.answers.set(String(body.image), String(body.label));
  if (rest === "apply") {
    const wanted = there(set).map((image, n): [Image, Values] => [image, { caption: state.answers.get(image.id) ?? state.labels[n % state.labels.length] ?? "" }]);
    return [200, { change: record(set, "labels", {}, wanted)?.number ?? null, count: wanted.length }];
  }
  const open = there(set).filter((image) => !state.answers.has(image.id)).slice(0, 20);
  const queue = open.map((image, n) => ({ image, proposals: state.labels.map((label, at) => ({ label, p: at === n % state.labels.length ? 0.7 : 0.3 / state.labels.length })).sort((a, b) => b.p - a.p) }));
  const answered = state.answers.size;
  return [200, { labels: state.labels, answered, total: set.images, worth: Math.max(0, 30 - answered), agreement: Math.min(0.95, 0.5 + answered / 60), queue } satisfies Labelling];
}

/** What is asked of a data set; undefined: nothing of the editor's. */
export function datasetRest(call: Call, set: Dataset, rest: string | undefined, more: string[]): Reply | undefined {
  const { method, query, body } = call;
  switch (rest) {
    case "images":
      return page(select(set, { search: query.get("search"), tag: query.getAll("tag"), only: query.get("only"), finding: query.get("finding") }), query);
    case "edits":
      return edits(set, body);
    case "changes":
      return method === "POST" ? undo(set, Number(more[0])) : page(pastOf(set).toReversed(), query);
    case "diff":
      return page(differences(set, Number(query.get("from"))), new URLSearchParams("limit=100000"));
    case "restore":
      return restore(set, Number(body.version));
    case "tags":
      return page(tags(set, query.getAll("with")), new URLSearchParams("limit=1000"));
    case "captions":
      return captions(set, body);
    case "quality":
      return [200, { score: 72, state: "ready", findings: findings(there(set)) }];
    case "labelling":
      return learning(set, call, more[0], more[1]);
    default:
      return undefined;
  }
}

/** One picture: changed, masked. A caption with the word "conflict" finds that somebody was quicker. */
export function image({ method, body }: Call, id: string, rest: string | undefined): Reply {
  const set = data.datasets.find((one) => id.startsWith(`${one.id}-`));
  const found = set && imagesOf(set).find((one) => one.id === id);
  if (!set || !found) return fail(404, "image_not_found", "There is no picture of this id.");
  if (rest === "mask") {
    record(set, "caption", { fields: ["mask"] }, [[found, { mask: method === "PUT" ? `/api/images/${id}/mask` : null }]]);
    return [200, found];
  }
  const { version, ...change } = body as Values & { version?: number };
  if (change.caption?.includes("fail")) return fail(507, "disk_full", "The disk is full.");
  if (change.caption?.includes("conflict") && version === found.version && found.author !== "person:jonas") record(set, "caption", { fields: ["caption"] }, [[found, { caption: "a kettle, studio light, by jonas" }]], "person:jonas");
  if (version !== undefined && version !== found.version) return fail(409, "edit_conflict", "Somebody changed this picture meanwhile.");
  record(set, "caption", { fields: Object.keys(change) }, [[found, change]]);
  return [200, found];
}

export const engines = (): Reply => page(ENGINES);
export const labelSets = (): Reply => page(LABEL_SETS);

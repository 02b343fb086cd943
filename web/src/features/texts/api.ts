// What the editor of texts says to the server, by the names the page uses.
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import type { Example, LineNote, Message, TextCheck, TextPreview } from "@/api/types";

type Schemas = components["schemas"];

export type { Example, LineNote, Message, TextCheck, TextPreview };
export type Taken = Schemas["Taken"];
export type Content = Schemas["ExampleContent"];
export type ExampleChange = Partial<Omit<Schemas["ExampleUpdate"], "version">>;
export type Role = Message["role"];
export type TrainOn = "answers" | "everything";

/** With what the model is to see the texts. */
export interface SeenWith {
  base: string | null;
  maxLength: number;
  trainOn: TrainOn;
  system: string;
}

/** Which examples are shown. */
export interface Filter {
  search: string;
  /** Only drafts that wait to be accepted. */
  drafts: boolean;
  heldOut: boolean;
  /** Only these numbers: what a check has found. */
  numbers: readonly number[];
}

export const EVERYTHING: Filter = { search: "", drafts: false, heldOut: false, numbers: [] };
export const isNarrow = (filter: Filter): boolean => filter.search !== "" || filter.drafts || filter.heldOut || filter.numbers.length > 0;

const set = (dataset_id: string) => ({ path: { dataset_id } });

export const listExamples = (dataset: string, filter: Filter, limit: number, cursor?: number, signal?: AbortSignal) => {
  const query = {
    limit, cursor, search: filter.search || undefined, number: filter.numbers.length > 0 ? [...filter.numbers] : undefined,
    reviewed: filter.drafts ? false : undefined, held_out: filter.heldOut || undefined,
  };
  return take(api.GET("/api/datasets/{dataset_id}/examples", { params: { ...set(dataset), query }, signal }));
};
export const addExamples = (dataset: string, examples: Content[]) =>
  take(api.POST("/api/datasets/{dataset_id}/examples", { params: set(dataset), body: { examples } }));
export const updateExample = (dataset: string, { id, version }: Pick<Example, "id" | "version">, change: ExampleChange) =>
  take(api.PATCH("/api/datasets/{dataset_id}/examples/{example_id}", { params: { path: { dataset_id: dataset, example_id: id } }, body: { ...change, version } as Schemas["ExampleUpdate"] }));
export const removeExamples = (dataset: string, ids: string[]) =>
  take(api.POST("/api/datasets/{dataset_id}/examples/remove", { params: set(dataset), body: { ids } }));
export const restoreExamples = (dataset: string, ids: string[]) =>
  take(api.POST("/api/datasets/{dataset_id}/examples/restore", { params: set(dataset), body: { ids } }));
/** Null: all drafts that there are. */
export const acceptExamples = (dataset: string, ids: string[] | null) =>
  take(api.POST("/api/datasets/{dataset_id}/examples/accept", { params: set(dataset), body: { ids } }));
export const importText = (dataset: string, text: string, name: string) =>
  take(api.POST("/api/datasets/{dataset_id}/examples/import", { params: set(dataset), body: { text, name } }));

export const checkTexts = (dataset: string, base: string, { maxLength, trainOn, system }: SeenWith, signal?: AbortSignal) => {
  const query = { base_model: base, max_length: maxLength, train_on: trainOn, system };
  return take(api.GET("/api/datasets/{dataset_id}/examples/check", { params: { ...set(dataset), query }, signal }));
};
/** As the client reads it: pairs are lists of two. */
export type CheckedTexts = Awaited<ReturnType<typeof checkTexts>>;
export const previewExample = (dataset: string, what: { example: Content } | { example_id: string }, base: string, { maxLength, trainOn, system }: SeenWith, signal?: AbortSignal) => {
  const body = { ...what, base_model: base, max_length: maxLength, train_on: trainOn, system };
  return take(api.POST("/api/datasets/{dataset_id}/examples/preview", { params: set(dataset), body, signal }));
};

export interface Drafting {
  text: string;
  url: string;
  model: string;
  key: string;
  pairs: number;
}

export const draftExamples = (dataset: string, { key, ...asked }: Drafting, signal: AbortSignal) =>
  take(api.POST("/api/datasets/{dataset_id}/examples/draft", { params: set(dataset), body: { ...asked, key: key || null }, signal }));

export const exportAddress = (dataset: string): string => `/api/datasets/${dataset}/examples/export`;

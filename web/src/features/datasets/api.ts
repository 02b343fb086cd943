// What the editor says to the server, by the names the page uses.
import { api, take } from "@/api/client";
import type { components } from "@/api/schema";
import type { Image } from "@/api/types";

type Schemas = components["schemas"];

export type { Image };
export type Change = Schemas["ChangeView"];
export type Difference = Schemas["DifferenceView"];
export type Done = Pick<Schemas["EditDone"], "change" | "count">;
export type Edit = Schemas["EditAsked"]["edit"];
export type Edited = Schemas["EditDone"];
export type Engine = Schemas["EngineView"];
export type Finding = Schemas["FindingView"];
export type ImageChange = Partial<Schemas["ImageUpdate"]>;
export type LabelSet = Schemas["LabelSetView"];
export type Labelling = Schemas["Labelling"];
export type Quality = Schemas["Quality"];
export type Tag = Schemas["TagCount"];
export type Undone = Schemas["Undone"];

/** Which pictures are meant: these, or where that is null, those that the rest leaves. */
export type Selection = Pick<Schemas["EditAsked"], "images" | "search" | "tag" | "only">;
export const ALL: Selection = { images: null, tag: [] };
export type Edits = Selection & { edit: Edit };

export const ONLY = ["uncaptioned", "held_out", "repeated", "removed"] as const;
export type Only = (typeof ONLY)[number];

/** Which pictures are shown. */
export interface Filter {
  search: string;
  tags: readonly string[];
  only: Only | null;
  finding: string | null;
  /** What the score card was asked with when it found this. */
  asked: Asked;
}

/** What a set is judged for: the word that calls the LoRA, and the side trained at in pixels. */
export interface Asked {
  trigger: string;
  resolution: number | null;
}

export const FORMATS = ["kohya", "imagefolder", "lora-scripts", "flat"] as const;
export type Format = (typeof FORMATS)[number];

export interface Page<T> {
  items: T[];
  next?: string | null;
}

const set = (dataset_id: string) => ({ path: { dataset_id } });
const one = (image_id: string) => ({ path: { image_id } });

const askedOf = ({ trigger, resolution }: Asked) => ({ trigger: trigger || undefined, resolution: resolution ?? undefined });

export const listImages = (dataset: string, { search, tags, only, finding, asked }: Filter, limit: number, cursor?: string, signal?: AbortSignal) => {
  const found = finding === null ? {} : { finding, ...askedOf(asked) };
  const query = { limit, cursor, search: search || undefined, tag: [...tags], only: only ?? undefined, ...found };
  return take(api.GET("/api/datasets/{dataset_id}/images", { params: { ...set(dataset), query }, signal }));
};
export const updateImage = (id: string, body: ImageChange) =>
  take(api.PATCH("/api/images/{image_id}", { params: one(id), body: body as Schemas["ImageUpdate"] }));
/** The body is the picture itself, which the client would turn into JSON. */
export const putMask = (id: string, png: Blob) =>
  take(api.PUT("/api/images/{image_id}/mask", { params: one(id), body: png as never, bodySerializer: (body: unknown) => body as Blob, headers: { "Content-Type": "image/png" } }));
export const deleteMask = (id: string) => take(api.DELETE("/api/images/{image_id}/mask", { params: one(id) }));

export const editImages = (dataset: string, edits: Edits, preview: boolean, signal?: AbortSignal) =>
  take(api.POST("/api/datasets/{dataset_id}/edits", { params: set(dataset), body: { ...edits, preview }, signal }));
export const importFolder = (dataset: string, path: string) =>
  take(api.POST("/api/datasets/{dataset_id}/imports", { params: set(dataset), body: { path } }));
export const listTags = (dataset: string, chosen: readonly string[], signal?: AbortSignal) =>
  take(api.GET("/api/datasets/{dataset_id}/tags", { params: { ...set(dataset), query: { with: [...chosen] } }, signal }));

export const listChanges = (dataset: string, limit: number, cursor?: string, signal?: AbortSignal) =>
  take(api.GET("/api/datasets/{dataset_id}/changes", { params: { ...set(dataset), query: { limit, cursor } }, signal }));
export const undoChange = (dataset: string, number: number) =>
  take(api.POST("/api/datasets/{dataset_id}/changes/{number}/undo", { params: { path: { dataset_id: dataset, number } } }));
export const listDifferences = (dataset: string, from: number, signal?: AbortSignal) =>
  take(api.GET("/api/datasets/{dataset_id}/diff", { params: { ...set(dataset), query: { from } }, signal }));
export const restoreVersion = (dataset: string, version: number) =>
  take(api.POST("/api/datasets/{dataset_id}/restore", { params: set(dataset), body: { version } }));

export const readQuality = (dataset: string, language: "en" | "zh", asked: Asked, signal?: AbortSignal) =>
  take(api.GET("/api/datasets/{dataset_id}/quality", { params: { ...set(dataset), query: { language, ...askedOf(asked) } }, signal }));

export const listEngines = (signal?: AbortSignal) => take(api.GET("/api/caption-engines", { signal }));
export const listLabelSets = (signal?: AbortSignal) => take(api.GET("/api/label-sets", { signal }));
/** `job` is made from the engine's own schema. */
export const startCaptions = (dataset: string, selection: Selection, job: Record<string, unknown>, machines: readonly string[]) =>
  take(api.POST("/api/datasets/{dataset_id}/captions", { params: set(dataset), body: { ...selection, job: job as Schemas["CaptionsAsked"]["job"], labels: [...machines] } }));

export const readLabelling = (dataset: string, signal?: AbortSignal) =>
  take(api.GET("/api/datasets/{dataset_id}/labelling", { params: set(dataset), signal }));
export const putLabels = (dataset: string, labels: string[]) =>
  take(api.PUT("/api/datasets/{dataset_id}/labelling", { params: set(dataset), body: { labels } }));
/** A label of null: none of them fits. */
export const answerLabel = (dataset: string, image: string, label: string | null) =>
  take(api.POST("/api/datasets/{dataset_id}/labelling/answers", { params: set(dataset), body: { image, label } }));
export const deleteAnswer = (dataset: string, image: string) =>
  take(api.DELETE("/api/datasets/{dataset_id}/labelling/answers/{image_id}", { params: { path: { dataset_id: dataset, image_id: image } } }));
export const applyLabels = (dataset: string, existing: Schemas["ApplyAsked"]["existing"]) =>
  take(api.POST("/api/datasets/{dataset_id}/labelling/apply", { params: set(dataset), body: { existing, least: 0 } }));

export const exportAddress = (dataset: string, format: Format): string => `/api/datasets/${dataset}/export?format=${format}`;

export const listImageChanges = (image: string, signal?: AbortSignal) =>
  take(api.GET("/api/images/{image_id}/changes", { params: { path: { image_id: image } }, signal }));

/** As the server has it now; nothing once it was removed. */
export async function readImage(image: Pick<Image, "id">): Promise<Image | undefined> {
  const found = await take(api.GET("/api/images/{image_id}", { params: { path: { image_id: image.id } } }));
  return found.removed ? undefined : found;
}

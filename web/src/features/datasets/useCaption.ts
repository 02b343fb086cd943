// One picture's caption as a field: its text, its state, and what to do with it.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Image } from "@/api/types";
import { CaptionDrafts } from "./captions";
import { changeImages } from "./imagesQuery";

const drafts = new Map<string, CaptionDrafts>();

function draftsOf(dataset: string, client: QueryClient): CaptionDrafts {
  const known = drafts.get(dataset);
  if (known) return known;
  const fresh = new CaptionDrafts(async (id, caption) => {
    const image = await take(api.PATCH("/api/images/{image_id}", { params: { path: { image_id: id } }, body: { caption } }));
    changeImages(client, dataset, (items) => items.map((item) => (item.id === id ? image : item)));
    void client.invalidateQueries({ queryKey: keys.dataset(dataset), exact: true });
  });
  drafts.set(dataset, fresh);
  return fresh;
}

export function useCaption(dataset: string, image: Image) {
  const client = useQueryClient();
  const [store] = useState(() => draftsOf(dataset, client));
  const draft = useSyncExternalStore(store.subscribe, () => store.get(image.id));
  const saved = image.caption ?? "";
  useEffect(() => () => void store.flush(image.id), [store, image.id]);
  return {
    text: draft && draft.state !== "idle" ? draft.text : saved,
    state: draft?.state ?? "idle",
    error: draft?.error ?? null,
    write: (text: string) => store.write(image.id, text, saved),
    flush: () => void store.flush(image.id),
    undo: () => store.undo(image.id),
  };
}

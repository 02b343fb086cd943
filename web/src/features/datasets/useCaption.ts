// One picture's caption as a field: its text, its state, and what to do with it.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Image, readImage, updateImage } from "./api";
import { CaptionDrafts, type SaveState } from "./captions";
import { changeImages, putImage } from "./imagesQuery";

const drafts = new Map<string, CaptionDrafts>();
/** States in which the field shows what was typed; in the others it shows what the server has. */
const OWN: ReadonlySet<SaveState> = new Set(["dirty", "saving", "failed", "conflict"]);

export function draftsOf(dataset: string, client: QueryClient): CaptionDrafts {
  const known = drafts.get(dataset);
  if (known) return known;
  const fresh = new CaptionDrafts({
    save: async ({ id, version }, caption) => {
      const image = await updateImage(id, { caption, version });
      putImage(client, dataset, image);
      return image;
    },
    read: async (base) => {
      const image = await readImage(base);
      if (image) changeImages(client, dataset, (items) => items.map((item) => (item.id === image.id ? image : item)));
      return image;
    },
  });
  drafts.set(dataset, fresh);
  return fresh;
}

export function useDrafts(dataset: string): CaptionDrafts {
  const client = useQueryClient();
  const [store] = useState(() => draftsOf(dataset, client));
  return store;
}

export function useCaption(dataset: string, image: Image) {
  const store = useDrafts(dataset);
  const draft = useSyncExternalStore(store.subscribe, () => store.get(image.id));
  useEffect(() => () => void store.flush(image.id), [store, image.id]);
  return {
    text: draft && OWN.has(draft.state) ? draft.text : (image.caption ?? ""),
    state: draft?.state ?? "idle",
    error: draft?.error ?? null,
    theirs: draft?.theirs ?? null,
    write: (text: string) => store.write(image, text),
    flush: () => void store.flush(image.id),
    undo: () => store.undo(image.id),
    keepMine: () => void store.keepMine(image.id),
  };
}

export type Caption = ReturnType<typeof useCaption>;

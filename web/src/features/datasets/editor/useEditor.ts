// What the parts of the editor share: the pictures, which are chosen, which one is meant, and what can be done.
import { createContext, use } from "react";
import type { Dataset } from "@/api/types";
import type { Filter, Image, Selection, Tag } from "../api";
import type { useEdits } from "../useEdit";

/** What the large view is for at the moment. */
export type Mode = "look" | "crop" | "mask";

/** Where the cursor is to go: a picture, or its caption. A new object asks again. */
export interface Wish {
  image: string;
  part: "card" | "caption";
}

export interface Editor extends ReturnType<typeof useEdits> {
  dataset: Dataset;
  readOnly: boolean;
  filter: Filter;
  narrow: (filter: Filter) => void;
  images: readonly Image[];
  /** How many there will be when all pages are loaded. */
  total: number;
  selected: ReadonlySet<string>;
  select: (images: readonly string[], on: boolean) => void;
  toggle: (image: string, range: boolean) => void;
  /** The picture that keys are for. */
  active: string | null;
  activate: (image: string, part?: Wish["part"]) => void;
  wish: Wish | null;
  opened: string | null;
  open: (image: string | null) => void;
  mode: Mode;
  setMode: (mode: Mode) => void;
  /** The nine most used tags, by their digit. */
  quick: readonly Tag[];
  /** Chosen pictures, else the filtered ones, else all. */
  meant: () => Selection;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (editor === null) throw new Error("useEditor outside of an editor");
  return editor;
}

// What is being written and not saved yet, by example, kept in this browser until it is saved or discarded.
import { forget, readStored, store } from "@/lib/stored";
import type { Writing } from "./shape";

export interface Unsaved {
  writing: Writing;
  /** What it was made from: null for a new one. */
  base: Writing | null;
  /** Of the example that it was made from; 0 for a new one. */
  version: number;
}

/** The id of the example that does not exist yet. */
export const NEW = "new";

type All = Readonly<Record<string, Unsaved>>;

export class UnsavedTexts {
  private readonly listeners = new Set<() => void>();
  private readonly dataset: string;
  private all: All;

  constructor(dataset: string) {
    this.dataset = dataset;
    this.all = read(dataset);
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): All => this.all;

  put(id: string, unsaved: Unsaved): void {
    this.change({ ...this.all, [id]: unsaved });
  }

  drop(id: string): void {
    if (id in this.all) this.change(Object.fromEntries(Object.entries(this.all).filter(([key]) => key !== id)));
  }

  private change(all: All): void {
    this.all = all;
    if (Object.keys(all).length > 0) store(`examples ${this.dataset}`, JSON.stringify(all));
    else forget(`examples ${this.dataset}`);
    for (const listener of this.listeners) listener();
  }
}

function read(dataset: string): All {
  try {
    return JSON.parse(readStored(`examples ${dataset}`) ?? "{}") as All;
  } catch {
    return {};
  }
}

const known = new Map<string, UnsavedTexts>();

/** One for each data set, whichever screen asks. */
export function unsavedOf(dataset: string): UnsavedTexts {
  const found = known.get(dataset) ?? new UnsavedTexts(dataset);
  known.set(dataset, found);
  return found;
}

// A queue of uploads: a few at a time, each with its state, and one sum for all. It knows no component.
import { ApiError, asApiError } from "@/api/errors";
import type { UploadResult } from "@/api/types";
import type { Send, SendHooks } from "./send";
import type { Chosen } from "./walk";

export type ItemState = "waiting" | "sending" | "checking" | "done" | "same" | "refused" | "failed";

export interface Item {
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly state: ItemState;
  readonly sent: number;
  /** Pictures so far, while the server looks at it. */
  readonly added: number;
  readonly result: UploadResult | null;
  readonly error: ApiError | null;
}

export interface Snapshot {
  readonly items: readonly Item[];
  readonly active: boolean;
}

type Work = (hooks: SendHooks) => Promise<UploadResult>;

const PARALLEL = 4;
const OPEN: readonly ItemState[] = ["waiting", "sending", "checking"];
const EMPTY: Snapshot = { items: [], active: false };

function outcome(result: UploadResult): ItemState {
  if (result.state === "refused") return "refused";
  return result.added === 0 && result.captions === 0 && result.duplicates > 0 ? "same" : "done";
}

export class UploadQueue {
  private snapshot = EMPTY;
  private readonly works = new Map<number, Work>();
  private readonly listeners = new Set<() => void>();
  private nextId = 1;
  private running = 0;
  private drawing = false;
  private stopper = new AbortController();
  private readonly send: Send;
  private readonly onSettled: () => void;
  private items: Item[] = [];

  /** `onSettled` is called when pictures have arrived: now and then while many go, and at the end. */
  constructor(send: Send, onSettled: () => void = () => undefined) {
    this.send = send;
    this.onSettled = onSettled;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): Snapshot => this.snapshot;

  add(chosen: readonly Chosen[]): void {
    this.put(chosen.map(({ file, path }) => this.item(path, file.size, (hooks) => this.send(file, path, hooks))));
  }

  /** What the server fetches by itself: `work` waits until it has. */
  follow(path: string, work: Work): void {
    this.put([this.item(path, 0, work)]);
  }

  private item(path: string, size: number, work: Work): Item {
    const id = this.nextId++;
    this.works.set(id, work);
    return { id, path, size, state: "waiting", sent: 0, added: 0, result: null, error: null };
  }

  private put(fresh: readonly Item[]): void {
    this.items = [...this.items, ...fresh];
    this.changed();
    this.pump();
  }

  retryFailed(): void {
    this.items = this.items.map((item) => (item.state === "failed" ? { ...item, state: "waiting", sent: 0, error: null } : item));
    this.changed();
    this.pump();
  }

  /** Ends what runs and waits; what has arrived stays. */
  stop(): void {
    this.stopper.abort();
    this.stopper = new AbortController();
    const stopped = new ApiError("interrupted", "");
    this.items = this.items.map((item) => (OPEN.includes(item.state) ? { ...item, state: "failed", error: stopped } : item));
    this.changed();
  }

  /** Forgets the list, if nothing is under way. */
  clear(): void {
    if (this.snapshot.active) return;
    this.items = [];
    this.works.clear();
    this.changed();
  }

  private pump(): void {
    while (this.running < PARALLEL) {
      const next = this.items.find((item) => item.state === "waiting");
      if (!next) return;
      void this.run(next);
    }
  }

  private async run(item: Item): Promise<void> {
    const work = this.works.get(item.id);
    if (!work) return;
    const { signal } = this.stopper;
    const set = (change: Partial<Item>) => {
      if (!signal.aborted) this.update(item.id, change);
    };
    this.running += 1;
    set({ state: "sending" });
    try {
      const result = await work({
        signal,
        onProgress: (sent) => set({ sent }),
        onChecking: (added) => {
          set({ state: "checking", sent: item.size, added });
          if (added > 0) this.onSettled(); // a large zip: its pictures come one after the other
        },
      });
      set({ state: outcome(result), sent: item.size, result });
      if (!signal.aborted) this.works.delete(item.id);
    } catch (error) {
      const known = asApiError(error);
      set({ state: known.status === 422 || known.status === 413 ? "refused" : "failed", error: known });
    } finally {
      this.running -= 1;
      this.pump();
      this.onSettled();
    }
  }

  private update(id: number, change: Partial<Item>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...change } : item));
    this.changed();
  }

  /** Thousands of small files change many times a frame; the page is told once. */
  private changed(): void {
    if (this.drawing) return;
    this.drawing = true;
    setTimeout(() => {
      this.drawing = false;
      this.snapshot = { items: this.items, active: this.items.some((item) => OPEN.includes(item.state)) };
      for (const listener of this.listeners) listener();
    }, 60);
  }
}

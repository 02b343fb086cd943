// Captions while they are written: what stands in the field, what the server has, and one save at a time for each.
import { type ApiError, asApiError } from "@/api/errors";

export type SaveState = "idle" | "dirty" | "saving" | "saved" | "failed";

export interface Draft {
  readonly text: string;
  readonly state: SaveState;
  readonly error: ApiError | null;
}

interface Entry {
  draft: Draft;
  /** What the server is known to have. */
  saved: string;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const PAUSE = 700;
/** What the network lost is tried again; what the server refused is not. */
const AGAIN = 5_000;

export class CaptionDrafts {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  private readonly save: (image: string, caption: string) => Promise<unknown>;

  constructor(save: (image: string, caption: string) => Promise<unknown>) {
    this.save = save;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (image: string): Draft | undefined => this.entries.get(image)?.draft;

  /** The person typed. It is saved after a pause, or at once by `flush`. */
  write(image: string, text: string, saved: string): void {
    const entry = this.entries.get(image) ?? { draft: { text, state: "idle", error: null }, saved, timer: undefined };
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => void this.flush(image), PAUSE);
    this.entries.set(image, entry);
    this.show(entry, { text, state: entry.draft.state === "saving" ? "saving" : "dirty", error: null });
  }

  /** Saves what is not saved yet; text written meanwhile follows. */
  async flush(image: string): Promise<void> {
    const entry = this.entries.get(image);
    if (!entry) return;
    clearTimeout(entry.timer);
    const { text, state } = entry.draft;
    if (state === "saving") return;
    if (text === entry.saved) return this.show(entry, { text, state: state === "saved" ? "saved" : "idle", error: null });
    this.show(entry, { text, state: "saving", error: null });
    try {
      await this.save(image, text);
      entry.saved = text;
      this.show(entry, { ...entry.draft, state: "saved" });
      if (entry.draft.text !== text) await this.flush(image);
    } catch (error) {
      const known = asApiError(error);
      this.show(entry, { ...entry.draft, state: "failed", error: known });
      if (known.code === "offline") entry.timer = setTimeout(() => void this.flush(image), AGAIN);
    }
  }

  /** Back to what the server has. */
  undo(image: string): void {
    const entry = this.entries.get(image);
    if (!entry) return;
    clearTimeout(entry.timer);
    this.show(entry, { text: entry.saved, state: "idle", error: null });
  }

  private show(entry: Entry, draft: Draft): void {
    entry.draft = draft;
    for (const listener of this.listeners) listener();
  }
}

// Captions while they are written: what stands in the field, what the server has, and one save at a time for each.
import { type ApiError, asApiError } from "@/api/errors";
import type { Image } from "./api";

export type SaveState = "idle" | "dirty" | "saving" | "saved" | "failed" | "conflict";

/** A caption as the server has it. */
export type Saved = Pick<Image, "id" | "name" | "caption" | "version">;

export interface Draft {
  readonly text: string;
  readonly state: SaveState;
  readonly error: ApiError | null;
  /** In a conflict: what somebody else wrote meanwhile, once it is known. */
  readonly theirs: string | null;
}

interface Entry {
  draft: Draft;
  /** What the text was made from. */
  base: Saved;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** The save that is under way. */
  saving: Promise<void> | null;
}

export interface Server {
  save: (base: Saved, caption: string) => Promise<Saved>;
  read: (base: Saved) => Promise<Saved | undefined>;
}

const PAUSE = 700;
/** What the network lost is tried again; what the server refused is not. */
const AGAIN = 5_000;

export class CaptionDrafts {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  private readonly server: Server;

  constructor(server: Server) {
    this.server = server;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (image: string): Draft | undefined => this.entries.get(image)?.draft;

  /** The person typed. It is saved after a pause, or at once by `flush`; in a conflict it waits for an answer. */
  write(image: Saved, text: string): void {
    const entry = this.entries.get(image.id) ?? { draft: { text, state: "idle", error: null, theirs: null }, base: image, timer: undefined, saving: null };
    this.entries.set(image.id, entry);
    clearTimeout(entry.timer);
    const { state } = entry.draft;
    if (state === "idle" || state === "saved") entry.base = image;
    if (state === "conflict") return this.show(entry, { ...entry.draft, text });
    entry.timer = setTimeout(() => void this.flush(image.id), PAUSE);
    this.show(entry, { text, state: state === "saving" ? "saving" : "dirty", error: null, theirs: null });
  }

  /** Saves what is not saved yet; text written meanwhile follows. */
  flush(image: string): Promise<void> {
    const entry = this.entries.get(image);
    if (!entry) return Promise.resolve();
    clearTimeout(entry.timer);
    const { text, state } = entry.draft;
    if (entry.saving) return entry.saving;
    if (state !== "dirty" && state !== "failed") return Promise.resolve();
    if (text === (entry.base.caption ?? "")) {
      this.show(entry, { text, state: "idle", error: null, theirs: null });
      return Promise.resolve();
    }
    this.show(entry, { text, state: "saving", error: null, theirs: null });
    entry.saving = this.send(entry, text).finally(() => (entry.saving = null));
    return entry.saving.then(() => (entry.draft.state === "dirty" ? this.flush(image) : undefined));
  }

  async flushAll(): Promise<void> {
    await Promise.all([...this.entries.keys()].map((image) => this.flush(image)));
  }

  /** Saves what stands in the field over what somebody else wrote. */
  async keepMine(image: string): Promise<void> {
    const entry = this.entries.get(image);
    if (entry?.draft.state !== "conflict") return;
    this.show(entry, { ...entry.draft, state: "dirty" });
    await this.flush(image);
  }

  /** Back to what the server has. */
  undo(image: string): void {
    const entry = this.entries.get(image);
    if (!entry) return;
    clearTimeout(entry.timer);
    this.show(entry, { text: entry.base.caption ?? "", state: "idle", error: null, theirs: null });
  }

  private async send(entry: Entry, text: string): Promise<void> {
    try {
      entry.base = await this.server.save(entry.base, text);
      this.show(entry, { ...entry.draft, state: entry.draft.text === text ? "saved" : "dirty" });
    } catch (error) {
      await this.failed(entry, asApiError(error));
    }
  }

  private async failed(entry: Entry, error: ApiError): Promise<void> {
    const theirs = error.code === "edit_conflict" ? await this.server.read(entry.base).catch(() => undefined) : undefined;
    if (!theirs) {
      this.show(entry, { ...entry.draft, state: "failed", error });
      if (error.code === "offline") entry.timer = setTimeout(() => void this.flush(entry.base.id), AGAIN);
      return;
    }
    const untouched = theirs.caption === entry.base.caption;
    entry.base = theirs;
    // Something else of the picture was changed: the text can go on top.
    if (untouched) this.show(entry, { ...entry.draft, state: "dirty", error: null });
    else this.show(entry, { ...entry.draft, state: "conflict", error, theirs: theirs.caption ?? "" });
  }

  private show(entry: Entry, draft: Draft): void {
    entry.draft = draft;
    for (const listener of this.listeners) listener();
  }
}

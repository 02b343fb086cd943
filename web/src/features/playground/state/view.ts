// What is seen of the drawing: the picture that stands, how far the next one is, what went wrong.
import { asApiError, type ApiError } from "@/api/errors";
import type { Drawing, DrawnLine } from "@/features/playground/types";
import type { Job, Quality } from "./preview";
import { type Asked, askedFrom } from "./settings";

export interface Shown {
  picture: string;
  /** What makes it again, in full. */
  asked: Asked;
  /** The prompt as it was drawn: wildcards chosen, LoRAs taken out. */
  prompt: string;
  quality: Quality;
  sequence: number;
  width: number;
  height: number;
  steps: number;
  guidance: number;
  /** From the change to the picture. */
  ms: number | null;
  seconds: number;
  warnings: readonly string[];
  /** Its id in the history. */
  kept: string | null;
}

export interface View {
  /** Null while nothing is drawn. */
  phase: "asked" | "waiting" | "loading" | "drawing" | null;
  quality: Quality;
  sequence: number;
  done: number;
  total: number;
  shown: Shown | null;
  error: ApiError | null;
  /** How many drawings were begun since the page was opened. */
  generations: number;
  /** From the last change to the quick drawing of it. */
  previewMs: number | null;
}

export const BLANK: View = { phase: null, quality: "full", sequence: 0, done: 0, total: 0, shown: null, error: null, generations: 0, previewMs: null };

export type Seen =
  | { do: "begun"; job: Job<Asked> }
  | { do: "line"; job: Job<Asked>; line: DrawnLine; ms: number }
  | { do: "failed"; error: unknown }
  | { do: "halted" }
  | { do: "kept"; sequence: number; id: string }
  | { do: "forgotten"; id: string }
  | { do: "restored"; drawing: Drawing };

export function seen(view: View, action: Seen): View {
  switch (action.do) {
    case "begun": {
      const { quality, sequence } = action.job;
      return { ...view, phase: "asked", quality, sequence, done: 0, total: 0, error: null, generations: view.generations + 1 };
    }
    case "line":
      return heard(view, action);
    case "failed":
      return { ...view, phase: null, error: asApiError(action.error) };
    case "halted":
      return { ...view, phase: null };
    case "kept":
      return view.shown?.sequence === action.sequence ? { ...view, shown: { ...view.shown, kept: action.id } } : view;
    case "forgotten":
      return view.shown?.kept === action.id ? { ...view, shown: { ...view.shown, kept: null } } : view;
    case "restored":
      return { ...view, phase: null, error: null, sequence: view.sequence + 1, shown: fromHistory(action.drawing, view.sequence + 1) };
  }
}

function heard(view: View, { job, line, ms }: Extract<Seen, { do: "line" }>): View {
  switch (line.event) {
    case "waiting":
    case "loading":
      return { ...view, phase: line.event };
    case "drawing":
      return { ...view, phase: "drawing", done: line.done, total: line.total };
    case "done":
      if (!line.picture) return { ...view, phase: null };
      return { ...view, phase: null, shown: shownBy(job, line, line.picture, ms), previewMs: job.quality === "preview" ? ms : view.previewMs };
    default:
      return { ...view, phase: null };
  }
}

function shownBy({ asked, quality, sequence }: Job<Asked>, line: DrawnLine, picture: string, ms: number): Shown {
  const { prompt, width, height, steps, guidance, warnings, kept } = line;
  const seconds = (line.load_ms + line.swap_ms + line.draw_ms) / 1000;
  return { picture, asked, prompt, quality, sequence, width, height, steps, guidance, ms, seconds, warnings, kept: kept ?? null };
}

function fromHistory(drawing: Drawing, sequence: number): Shown {
  const asked = askedFrom(drawing);
  const { picture, width, height, seconds, id } = drawing;
  return {
    picture, asked, prompt: asked.prompt, quality: "full", sequence, width, height, steps: asked.steps ?? 0, guidance: asked.guidance ?? 0, ms: null, seconds, warnings: [], kept: id,
  };
}

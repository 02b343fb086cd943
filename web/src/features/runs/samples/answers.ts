// The answers given while training, out of the events that tell of them.
import type { RunEvent } from "@/api/types";
import type { Frame } from "@/features/runs/samples/film";

export interface Answer extends Frame {
  text: string;
}

/** One a step and prompt; what a resumed run says anew at a step takes the place of what was said there before. */
export function answersOf(events: readonly RunEvent[]): Answer[] {
  return events.flatMap(({ payload }) => {
    if (payload.type !== "SampleSaved" || payload.text == null) return [];
    const { step, file, prompt, seed, text } = payload;
    const number = /(\d+)\.\w+$/.exec(file)?.[1];
    return [{ step, index: Number(number ?? 0), prompt, seed, text }];
  });
}

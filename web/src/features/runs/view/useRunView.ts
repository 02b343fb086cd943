/** The view of one run: what happened so far in one read, then live; drawn at most once a frame. */

import { useCallback, useEffect, useReducer, useRef } from "react";
import type { StreamState } from "@/api/socket";
import type { RunEvent } from "@/api/types";
import { useEventStream } from "@/api/useEventStream";
import type { Past } from "@/features/runs/queries";
import { reduceEvents } from "@/features/runs/view/reduce";
import { EMPTY_VIEW, type RunView } from "@/features/runs/view/view";

export function useRunView(id: string, past: Past): { view: RunView; link: StreamState } {
  const [view, add] = useReducer(reduceEvents, past, (start) => reduceEvents(EMPTY_VIEW, start.items));
  const addAtFrame = useFrames<RunEvent>(add);
  const link = useEventStream<RunEvent>(`/api/runs/${id}/events`, past.last_seq, addAtFrame);
  return { view, link };
}

/** Collects batches and hands them on once a frame; in a hidden tab they wait until it is seen again. */
function useFrames<T>(handle: (items: T[]) => void): (items: T[]) => void {
  const waiting = useRef<T[]>([]);
  const frame = useRef(0);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return useCallback(
    (items: T[]) => {
      waiting.current.push(...items);
      if (frame.current !== 0) return;
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        handle(waiting.current.splice(0));
      });
    },
    [handle],
  );
}

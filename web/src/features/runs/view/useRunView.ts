/** The view of one run: what happened so far in one read, then live; drawn at most once a frame. */

import { queryOptions } from "@tanstack/react-query";
import { useCallback, useEffect, useReducer, useRef } from "react";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { StreamState } from "@/api/socket";
import type { RunEvent } from "@/api/types";
import { useEventStream } from "@/api/useEventStream";
import { reduceEvents } from "@/features/runs/view/reduce";
import { EMPTY_VIEW, type RunView } from "@/features/runs/view/view";

/** As many points as a chart can show; the server thins to this. */
const POINTS = 2000;

export interface Past {
  items: RunEvent[];
  last_seq: number;
}

/** What happened before the page was opened. Read once: the socket tells the rest. */
export const pastQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.run(id), "events"],
    queryFn: ({ signal }): Promise<Past> =>
      take(api.GET("/api/runs/{run_id}/events", { params: { path: { run_id: id }, query: { after: 0, points: POINTS } }, signal })),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

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

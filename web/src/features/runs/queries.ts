// What is asked of a run: itself, its past, its files.
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { RunEvent } from "@/api/types";

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    queryFn: ({ signal }) => take(api.GET("/api/runs/{run_id}", { params: { path: { run_id: id } }, signal })),
  });

/** As many points as a chart can show; the server thins to this. */
const POINTS = 2000;

export interface Past {
  items: RunEvent[];
  last_seq: number;
}

/** What happened before the page was opened. Read once, and not kept for long: the socket tells the rest. */
export const pastQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.run(id), "events"],
    queryFn: ({ signal }): Promise<Past> =>
      take(api.GET("/api/runs/{run_id}/events", { params: { path: { run_id: id }, query: { after: 0, points: POINTS } }, signal })),
    staleTime: Infinity,
    gcTime: 5_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

export const samplesQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.run(id), "samples"],
    queryFn: ({ signal }) => take(api.GET("/api/runs/{run_id}/samples", { params: { path: { run_id: id } }, signal })),
  });

export const checkpointsQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.run(id), "checkpoints"],
    queryFn: ({ signal }) => take(api.GET("/api/runs/{run_id}/checkpoints", { params: { path: { run_id: id } }, signal })),
  });

/** Asks for what the page of a run shows first, while its code is still on the way. */
export function askAhead(client: QueryClient, id: string): void {
  void client.prefetchQuery(runQuery(id));
  void client.prefetchQuery(pastQuery(id));
  void client.prefetchQuery(samplesQuery(id));
  void client.prefetchQuery(checkpointsQuery(id));
}

/** The data as the run saw it: it never changes. */
export const seenQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.run(id), "seen"],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/runs/{run_id}/images", { params: { path: { run_id: id }, query: { cursor: pageParam || undefined, limit: 60 } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
  });

/** The texts as the run saw them. */
export const seenTextsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.run(id), "seen", "texts"],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/runs/{run_id}/examples", { params: { path: { run_id: id }, query: { cursor: pageParam ?? undefined, limit: 100 } }, signal })),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.next == null ? undefined : Number(page.next)),
    staleTime: Infinity,
  });

export const configQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.run(id), "config"],
    queryFn: ({ signal }) => take(api.GET("/api/runs/{run_id}/config", { params: { path: { run_id: id } }, parseAs: "text", signal })),
    staleTime: Infinity,
  });

export const logQuery = (id: string, lines: number) =>
  queryOptions({
    queryKey: [...keys.run(id), "log", lines],
    queryFn: ({ signal }) =>
      take(api.GET("/api/runs/{run_id}/log", { params: { path: { run_id: id }, query: { lines } }, parseAs: "text", signal })),
  });

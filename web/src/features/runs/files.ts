// The files of a run: samples, checkpoints, log, config.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";

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

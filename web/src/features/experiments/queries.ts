// Experiments: the list, one as it grows, its votes; what can be compared.
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { ExperimentAsked } from "@/api/types";
import { isOver } from "@/features/runs/view/progress";

const PAGE = 48;
const root = ["experiments"] as const;
const one = (id: string) => [...root, "one", id] as const;

export const experimentsQuery = infiniteQueryOptions({
  queryKey: [...root, "list"],
  queryFn: ({ pageParam, signal }) => take(api.GET("/api/experiments", { params: { query: { cursor: pageParam || undefined, limit: PAGE } }, signal })),
  initialPageParam: "",
  getNextPageParam: (page) => page.next,
  refetchInterval: 10_000,
});

/** The newest ones, to tell from how long a picture takes. */
export const pastExperimentsQuery = queryOptions({
  queryKey: [...root, "past"],
  queryFn: ({ signal }) => take(api.GET("/api/experiments", { params: { query: { limit: 50 } }, signal })),
});

/** Read again while it goes: often where that is little to read. What is known of its run goes where the live stream puts it too. */
export const experimentQuery = (client: QueryClient, id: string) =>
  queryOptions({
    queryKey: one(id),
    queryFn: async ({ signal }) => {
      const experiment = await take(api.GET("/api/experiments/{experiment_id}", { params: { path: { experiment_id: id } }, signal }));
      client.setQueryData(keys.run(id), experiment.run);
      return experiment;
    },
    refetchInterval: ({ state: { data } }) => {
      if (data === undefined || isOver(data.run.state)) return false;
      return data.run.state === "queued" || data.run.state === "paused" ? 5_000 : data.cells.length > 500 ? 6_000 : 1_500;
    },
  });

export const rankingQuery = (id: string) =>
  queryOptions({
    queryKey: [...one(id), "ranking"],
    queryFn: ({ signal }) => take(api.GET("/api/experiments/{experiment_id}/ranking", { params: { path: { experiment_id: id } }, signal })),
  });

export const ballotQuery = (id: string) =>
  queryOptions({
    queryKey: [...one(id), "ballot"],
    queryFn: ({ signal }) => take(api.GET("/api/experiments/{experiment_id}/ballot", { params: { path: { experiment_id: id } }, signal })),
    staleTime: Infinity,
    gcTime: 0,
  });

export type Winner = "left" | "right" | "tie";

/** Casts a vote; the answer is the next pair. */
export function useVote(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { left: number; right: number; winner: Winner }) =>
      take(api.POST("/api/experiments/{experiment_id}/votes", { params: { path: { experiment_id: id } }, body })),
    onSuccess: (next) => {
      client.setQueryData(ballotQuery(id).queryKey, next);
      void client.invalidateQueries({ queryKey: rankingQuery(id).queryKey });
      void client.invalidateQueries({ queryKey: one(id), exact: true });
    },
  });
}

export function useCreate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; experiment: ExperimentAsked; labels: string[] }) => take(api.POST("/api/experiments", { body: { ...body, priority: 0 } })),
    onSuccess: (made) => {
      client.setQueryData(one(made.run.id), made);
      client.setQueryData(keys.run(made.run.id), made.run);
      void client.invalidateQueries({ queryKey: [...root, "list"] });
      void client.invalidateQueries({ queryKey: keys.queue });
    },
  });
}

/** Trainings that something can be taken from, the newest first. */
export const trainingsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.runs, "to compare", search],
    queryFn: ({ pageParam, signal }) =>
      take(api.GET("/api/runs", { params: { query: { kind: "train", search: search || undefined, cursor: pageParam || undefined, limit: 12 } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const runDiffQuery = (runs: readonly string[]) =>
  queryOptions({
    queryKey: ["run-diff", ...runs],
    queryFn: ({ signal }) => take(api.GET("/api/run-diff", { params: { query: { runs: runs.join(",") } }, signal })),
  });

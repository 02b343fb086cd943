// Query keys and the queries that more than one screen asks. A key is the noun, then what narrows it.
import { queryOptions } from "@tanstack/react-query";
import { api, setCsrf, take } from "@/api/client";

export const keys = {
  session: ["session"] as const,
  machine: ["machine"] as const,
  queue: ["queue"] as const,
  runs: ["runs"] as const,
  run: (id: string) => ["run", id] as const,
  datasets: ["datasets"] as const,
  dataset: (id: string) => ["dataset", id] as const,
  presets: ["presets"] as const,
  loras: ["loras"] as const,
  models: ["models"] as const,
  settings: ["settings"] as const,
};

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => {
    const session = await take(api.GET("/api/session", { signal }));
    setCsrf(session.csrf);
    return session;
  },
  staleTime: 5 * 60_000,
});

export const machineQuery = queryOptions({
  queryKey: keys.machine,
  queryFn: ({ signal }) => take(api.GET("/api/machine", { signal })),
  refetchInterval: 15_000,
});

export const queueQuery = queryOptions({
  queryKey: keys.queue,
  queryFn: ({ signal }) => take(api.GET("/api/queue", { signal })),
});

export const datasetsQuery = queryOptions({
  queryKey: keys.datasets,
  queryFn: ({ signal }) => take(api.GET("/api/datasets", { params: { query: { limit: 200 } }, signal })),
});

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: keys.dataset(id),
    queryFn: ({ signal }) => take(api.GET("/api/datasets/{dataset_id}", { params: { path: { dataset_id: id } }, signal })),
  });

export const recentRunsQuery = queryOptions({
  queryKey: [...keys.runs, "recent"],
  queryFn: ({ signal }) => take(api.GET("/api/runs", { params: { query: { limit: 6 } }, signal })),
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => take(api.GET("/api/models", { signal })),
});

export const presetsQuery = queryOptions({
  queryKey: keys.presets,
  queryFn: ({ signal }) => take(api.GET("/api/presets", { signal })),
  staleTime: 60 * 60_000,
});

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: ({ signal }) => take(api.GET("/api/settings", { signal })),
});

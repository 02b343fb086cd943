// What is asked about forecasts: of a config so far, of a run, of this machine, and how good they have been.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Nested } from "@/features/new-run/form/nested";

export interface Asked {
  dataset: string | null;
  config: Nested;
  device: string | null;
  watts: number | null;
  price_kilowatt_hour: number | null;
  price_hour: number | null;
}

export const forecastKey = ["config", "forecast"] as const;

/** The latest question wins: an older one is taken back as soon as the key changes. */
export const forecastQuery = (asked: Asked) =>
  queryOptions({
    queryKey: [...forecastKey, asked],
    queryFn: ({ signal }) => take(api.POST("/api/config/forecast", { body: asked, signal })),
    enabled: asked.dataset !== null,
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    gcTime: 60_000,
  });

/** Several forecasts at once: asked for when the one itself is there. */
export const whatIfQuery = (asked: Asked, ready: boolean) =>
  queryOptions({
    queryKey: ["config", "what-if", asked],
    queryFn: ({ signal }) => take(api.POST("/api/config/what-if", { body: asked, signal })),
    enabled: ready,
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    gcTime: 60_000,
  });

/** The lines of a measurement as a stream; to abort it is to cancel it. */
export async function startProbe({ dataset, config }: Asked, search: boolean, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const stream: unknown = await take(api.POST("/api/config/probe", { body: { dataset, config, search }, parseAs: "stream", signal }));
  return stream as ReadableStream<Uint8Array>;
}

/** As many as the server gives at once. */
const MOST = 500;

export const outcomesQuery = queryOptions({
  queryKey: ["forecasts"],
  queryFn: ({ signal }) => take(api.GET("/api/forecasts", { params: { query: { limit: MOST } }, signal })),
});

export const ratingsQuery = queryOptions({
  queryKey: ["forecasts", "ratings"],
  queryFn: ({ signal }) => take(api.GET("/api/forecasts/ratings", { signal })),
});

export const hardwareQuery = queryOptions({
  queryKey: [...keys.machine, "details"],
  queryFn: ({ signal }) => take(api.GET("/api/machine/details", { signal })),
});

export const runForecastQuery = (id: string, over: boolean) =>
  queryOptions({
    queryKey: [...keys.run(id), "forecast", over],
    queryFn: ({ signal }) => take(api.GET("/api/runs/{run_id}/forecast", { params: { path: { run_id: id } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

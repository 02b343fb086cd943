// What the form is made of, and what the server thinks of the settings so far.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Nested } from "@/features/new-run/form/nested";
import type { Schema } from "@/features/new-run/form/schema";

export const presetsQuery = queryOptions({
  queryKey: keys.presets,
  queryFn: ({ signal }) => take(api.GET("/api/presets", { signal })),
  staleTime: Infinity,
});

export const schemaQuery = queryOptions({
  queryKey: ["config", "schema"],
  queryFn: async ({ signal }) => (await take(api.GET("/api/config/schema", { signal }))) as Schema,
  staleTime: Infinity,
});

export interface Asked {
  config?: Nested;
  yaml?: string;
  dataset: string | null;
}

/** The latest question wins: an older one is taken back as soon as the key changes. */
export const checkQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ["config", "check", asked],
    queryFn: async ({ signal }) => {
      const checked = await take(api.POST("/api/config/check", { body: asked, signal }));
      return { ...checked, config: checked.config as Nested | null, wanted: checked.wanted as Nested };
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });

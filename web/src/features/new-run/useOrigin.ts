// The settings of an earlier run, to begin from.
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { kindOf } from "@/api/kinds";
import type { Origin } from "@/features/new-run/begin";
import type { Nested } from "@/features/new-run/form/nested";
import { configQuery, runQuery } from "@/features/runs/queries";

export const originQuery = (id: string) =>
  queryOptions({
    queryKey: ["config", "origin", id],
    queryFn: async ({ client }): Promise<Origin> => {
      const [run, yaml] = await Promise.all([client.fetchQuery(runQuery(id)), client.fetchQuery(configQuery(id))]);
      const dataset = run.dataset?.id ?? null;
      const checked = await take(api.POST("/api/config/check", { body: { yaml, dataset } }));
      return { name: run.name, preset: run.preset ?? null, dataset, kind: kindOf(run.family), wanted: checked.wanted as Nested };
    },
    staleTime: Infinity,
  });

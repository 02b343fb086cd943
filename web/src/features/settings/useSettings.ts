// Saves some of the server's settings and leaves the others as they are now.
import { useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { settingsQuery } from "@/api/queries";
import type { Settings } from "@/api/types";

export function useSettings(): (changes: Partial<Settings>) => Promise<Settings> {
  const client = useQueryClient();
  return async (changes) => {
    const now = await client.fetchQuery({ ...settingsQuery, staleTime: 0 });
    const saved = await take(api.PUT("/api/settings", { body: { ...now, ...changes } }));
    client.setQueryData(settingsQuery.queryKey, saved);
    return saved;
  };
}

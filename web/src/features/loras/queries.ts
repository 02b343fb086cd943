// LoRAs: the gallery, one, and its deletion.
import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";

const PAGE = 48;

export const lorasQuery = (search: string, family: string | null = null) =>
  infiniteQueryOptions({
    queryKey: [...keys.loras, "gallery", search, family],
    queryFn: ({ pageParam, signal }) => {
      const query = { search: search || undefined, family: family ?? undefined, cursor: pageParam || undefined, limit: PAGE };
      return take(api.GET("/api/loras", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const loraQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.loras, id],
    queryFn: ({ signal }) => take(api.GET("/api/loras/{lora_id}", { params: { path: { lora_id: id } }, signal })),
  });

export function useDelete(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/api/loras/{lora_id}", { params: { path: { lora_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: [...keys.loras, "gallery"] }),
  });
}

export function useChange(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name?: string; trigger?: string }) => take(api.PATCH("/api/loras/{lora_id}", { params: { path: { lora_id: id } }, body })),
    onSuccess: (changed) => {
      client.setQueryData(loraQuery(id).queryKey, changed);
      void client.invalidateQueries({ queryKey: [...keys.loras, id, "card"] });
      return client.invalidateQueries({ queryKey: [...keys.loras, "gallery"] });
    },
  });
}

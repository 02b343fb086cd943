// What speaks for a LoRA, where it can go, where it went; publishing it and taking it back.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Publish } from "@/api/types";

const PUBLICATIONS = ["publications"] as const;

export const evidenceQuery = (lora: string) =>
  queryOptions({
    queryKey: [...keys.loras, lora, "evidence"],
    queryFn: ({ signal }) => take(api.GET("/api/loras/{lora_id}/evidence", { params: { path: { lora_id: lora } }, signal })),
  });

/** Finished and going ones, the newest first. */
export const comparedQuery = (lora: string) =>
  queryOptions({
    queryKey: ["experiments", { lora, limit: 5 }],
    queryFn: ({ signal }) => take(api.GET("/api/experiments", { params: { query: { lora, limit: 5 } }, signal })),
    // while one goes it is asked about now and then, so that the page says when it is there
    refetchInterval: (query) => (query.state.data?.items.some((one) => one.run.ended_at == null) ? 4000 : false),
  });

export const targetsQuery = queryOptions({
  queryKey: ["publish-targets"],
  queryFn: ({ signal }) => take(api.GET("/api/publish-targets", { signal })),
});

/** Of one LoRA, or of all. */
export const publicationsQuery = (lora?: string) =>
  queryOptions({
    queryKey: [...PUBLICATIONS, lora ?? "all"],
    queryFn: ({ signal }) => take(api.GET("/api/publications", { params: { query: { lora, limit: 200 } }, signal })),
  });

/** The card that `body` would make; the last one stays to be read while the next is written. */
export const cardQuery = (lora: string, body: Publish) =>
  queryOptions({
    queryKey: [...keys.loras, lora, "card", body],
    queryFn: ({ signal }) => take(api.POST("/api/loras/{lora_id}/card", { params: { path: { lora_id: lora } }, body, signal })),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });

export function usePublish(lora: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Publish) => take(api.POST("/api/loras/{lora_id}/publications", { params: { path: { lora_id: lora } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: PUBLICATIONS }),
  });
}

export function useWithdraw() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => take(api.DELETE("/api/publications/{publication_id}", { params: { path: { publication_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: PUBLICATIONS }),
  });
}

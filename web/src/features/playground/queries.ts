// What the playground asks the server for, apart from drawings themselves.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";

const PAGE = 40;

export const drawingKeys = { drawings: ["drawings"] as const, prompts: ["prompts"] as const, words: ["words"] as const, wildcards: ["wildcards"] as const };

export const drawingsQuery = infiniteQueryOptions({
  queryKey: [...drawingKeys.drawings, "list"],
  queryFn: ({ pageParam, signal }) => take(api.GET("/api/drawings", { params: { query: { cursor: pageParam || undefined, limit: PAGE } }, signal })),
  initialPageParam: "",
  getNextPageParam: (page) => page.next,
});

export const drawingQuery = (id: string) =>
  queryOptions({
    queryKey: [...drawingKeys.drawings, id],
    queryFn: ({ signal }) => take(api.GET("/api/drawings/{drawing_id}", { params: { path: { drawing_id: id } }, signal })),
  });

export const promptQuery = (prompt: string, base: string) =>
  queryOptions({
    queryKey: [...drawingKeys.prompts, base, prompt],
    queryFn: async ({ signal }) => ({ prompt, ...(await take(api.POST("/api/prompts", { body: { prompt, base_model: base }, signal }))) }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  });

export const wordsQuery = (search: string, family: string | null) =>
  queryOptions({
    queryKey: [...drawingKeys.words, family, search],
    queryFn: ({ signal }) => take(api.GET("/api/words", { params: { query: { search, family, limit: 20 } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  });

export const wildcardsQuery = queryOptions({
  queryKey: drawingKeys.wildcards,
  queryFn: ({ signal }) => take(api.GET("/api/wildcards", { signal })),
});

export const trainedRunsQuery = (search: string) =>
  queryOptions({
    queryKey: [...keys.runs, "trained", search],
    queryFn: ({ signal }) => take(api.GET("/api/runs", { params: { query: { kind: "train", search: search || undefined, limit: 50 } }, signal })),
    placeholderData: keepPreviousData,
  });

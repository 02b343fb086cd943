// What is asked about a data set as a whole. Every key begins with the data set's, so that one call makes all of them anew.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import * as api from "./api";
import type { Asked } from "./api";

const CHANGES = 50;

export const tagsQuery = (dataset: string, chosen: readonly string[] = []) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "tags", chosen],
    queryFn: ({ signal }) => api.listTags(dataset, chosen, signal),
    placeholderData: (before) => before,
  });

export const changesQuery = (dataset: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.dataset(dataset), "changes"],
    queryFn: ({ pageParam, signal }) => api.listChanges(dataset, CHANGES, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** Of one picture; `version` is its own, which every change counts up. */
export const imageChangesQuery = (dataset: string, image: string, version: number) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "image", image, version],
    queryFn: ({ signal }) => api.listImageChanges(image, signal),
  });

export const diffQuery = (dataset: string, from: number) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "diff", from],
    queryFn: ({ signal }) => api.listDifferences(dataset, from, signal),
  });

/** The sentences are the server's, in the language of the page. */
export const qualityQuery = (dataset: string, language: string, asked: Asked) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "quality", language, asked],
    queryFn: ({ signal }) => api.readQuality(dataset, language === "zh" ? "zh" : "en", asked, signal),
    placeholderData: (before) => before,
    refetchInterval: (query) => (query.state.data?.state === "working" ? 2_000 : false),
  });

export const labellingQuery = (dataset: string) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "labelling"],
    queryFn: ({ signal }) => api.readLabelling(dataset, signal),
  });

export const enginesQuery = queryOptions({ queryKey: ["caption-engines"], queryFn: ({ signal }) => api.listEngines(signal) });
export const labelSetsQuery = queryOptions({ queryKey: ["label-sets"], queryFn: ({ signal }) => api.listLabelSets(signal), staleTime: Infinity });

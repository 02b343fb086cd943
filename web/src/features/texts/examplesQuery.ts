// The examples of a data set, page after page until all are there.
import { infiniteQueryOptions, type InfiniteData, keepPreviousData, type QueryClient, queryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { keys } from "@/api/queries";
import { checkTexts, type Example, type Filter, listExamples, type SeenWith } from "./api";

const PAGE = 500;

interface Page {
  items: Example[];
  next?: string | null;
}

const examplesQuery = (dataset: string, filter: Filter) =>
  infiniteQueryOptions({
    queryKey: [...keys.dataset(dataset), "examples", filter],
    queryFn: ({ pageParam, signal }) => listExamples(dataset, filter, PAGE, pageParam, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.next == null ? undefined : Number(page.next)),
    placeholderData: (before) => before,
  });

/** All examples that the filter leaves, growing while the pages arrive. */
export function useExamples(dataset: string, filter: Filter) {
  const query = useInfiniteQuery(examplesQuery(dataset, filter));
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const examples = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  return { ...query, examples };
}

export const textCheckQuery = (dataset: string, base: string | null, seen: SeenWith) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "check", base, seen],
    queryFn: ({ signal }) => checkTexts(dataset, base ?? "", seen, signal),
    enabled: base !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });

/** An example that was changed goes where it is shown; what is counted over the whole set is counted anew. */
export function putExample(client: QueryClient, dataset: string, example: Example): void {
  client.setQueriesData<InfiniteData<Page>>({ queryKey: [...keys.dataset(dataset), "examples"] }, (data) =>
    data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map((one) => (one.id === example.id ? example : one)) })) },
  );
  for (const part of ["check", "preview"]) void client.invalidateQueries({ queryKey: [...keys.dataset(dataset), part] });
}

/** Several came or went. */
export function refreshExamples(client: QueryClient, dataset: string): void {
  void client.invalidateQueries({ queryKey: keys.dataset(dataset) });
  void client.invalidateQueries({ queryKey: keys.datasets });
}

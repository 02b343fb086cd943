// The pictures of a data set, page after page until all are there.
import { infiniteQueryOptions, type InfiniteData, type QueryClient, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Image } from "@/api/types";

const PAGE = 500;

interface ImagePage {
  items: Image[];
  next?: string | null;
}

const imagesQuery = (dataset: string, search: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.dataset(dataset), "images", search],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, cursor: pageParam, search: search || undefined };
      return take(api.GET("/api/datasets/{dataset_id}/images", { params: { path: { dataset_id: dataset }, query }, signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  });

/** All pictures, growing while the pages arrive. */
export function useImages(dataset: string, search: string) {
  const query = useInfiniteQuery(imagesQuery(dataset, search));
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { ...query, images: query.data?.pages.flatMap((page) => page.items) ?? [] };
}

/** Changes the cached pictures of a data set in every list that holds them. */
export function changeImages(client: QueryClient, dataset: string, change: (items: Image[]) => Image[]): void {
  client.setQueriesData<InfiniteData<ImagePage>>({ queryKey: [...keys.dataset(dataset), "images"] }, (data) =>
    data && { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) },
  );
}

// The pictures of a data set, page after page until all are there.
import { infiniteQueryOptions, type InfiniteData, type QueryClient, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { keys } from "@/api/queries";
import { type Filter, type Image, listImages, type Page } from "./api";

const PAGE = 500;

const imagesQuery = (dataset: string, filter: Filter) =>
  infiniteQueryOptions({
    queryKey: [...keys.dataset(dataset), "images", filter],
    queryFn: ({ pageParam, signal }) => listImages(dataset, filter, PAGE, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  });

/** All pictures, growing while the pages arrive. */
export function useImages(dataset: string, filter: Filter) {
  const query = useInfiniteQuery(imagesQuery(dataset, filter));
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const images = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  return { ...query, images };
}

/** Changes the cached pictures of a data set in every list that holds them. */
export function changeImages(client: QueryClient, dataset: string, change: (items: Image[]) => Image[]): void {
  client.setQueriesData<InfiniteData<Page<Image>>>({ queryKey: [...keys.dataset(dataset), "images"] }, (data) =>
    data && { ...data, pages: data.pages.map((page) => ({ ...page, items: change(page.items) })) },
  );
}

const AFTER_ONE = ["tags", "changes", "quality", "diff"] as const;

/** A picture that was changed goes where it is shown; what is counted over the whole set is counted anew. */
export function putImage(client: QueryClient, dataset: string, image: Image): void {
  changeImages(client, dataset, (items) => items.map((item) => (item.id === image.id ? image : item)));
  void client.invalidateQueries({ queryKey: keys.dataset(dataset), exact: true });
  for (const part of AFTER_ONE) void client.invalidateQueries({ queryKey: [...keys.dataset(dataset), part] });
}

// The list of runs as the filters in the address say, page by page.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { RunState } from "@/api/types";

const FILTERS = ["state", "search", "tag"] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

export const STATES: readonly RunState[] = ["queued", "preparing", "running", "paused", "finished", "failed", "cancelled", "lost"];

const PAGE = 30;

export function useFilters(): { filters: Filters; filtered: boolean; set: (filter: Filter, value: string) => void; clear: () => void } {
  const [params, setParams] = useSearchParams();
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = params.get(name);
    if (value) filters[name] = value;
  }
  return {
    filters,
    filtered: Object.keys(filters).length > 0,
    set: (name, value) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === "") next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    clear: () => setParams({}, { replace: true }),
  };
}

export function useHistory(filters: Filters) {
  return useInfiniteQuery({
    queryKey: [...keys.runs, "history", filters],
    queryFn: ({ pageParam, signal }) => {
      const { search, tag } = filters;
      const state = STATES.filter((one) => one === filters.state);
      const query = { search, tag, state, limit: PAGE, cursor: pageParam || undefined };
      return take(api.GET("/api/runs", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
}

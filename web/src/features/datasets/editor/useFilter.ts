// The filter of the page's address, and how it is changed.
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Filter } from "../api";
import { filterOf, queryOf } from "../filter";

export function useFilter(): [Filter, (filter: Filter) => void] {
  const [query, setQuery] = useSearchParams();
  const text = query.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(text)), [text]);
  const narrow = useCallback((next: Filter) => setQuery(queryOf(next), { replace: true, preventScrollReset: true }), [setQuery]);
  return [filter, narrow];
}

// Which pictures are shown, kept in the page's address: "back" goes back, and a link shows the same.
import { type Filter, ONLY } from "./api";
import { holds, same } from "./words/tags";

export const EVERYTHING: Filter = { search: "", tags: [], only: null, finding: null };

export function filterOf(query: URLSearchParams): Filter {
  const only = query.get("only");
  return {
    search: query.get("search") ?? "",
    tags: query.getAll("tag"),
    only: ONLY.find((one) => one === only) ?? null,
    finding: query.get("finding"),
  };
}

export function queryOf({ search, tags, only, finding }: Filter): URLSearchParams {
  const query = new URLSearchParams();
  if (search) query.set("search", search);
  for (const tag of tags) query.append("tag", tag);
  if (only) query.set("only", only);
  if (finding) query.set("finding", finding);
  return query;
}

export const isNarrow = ({ search, tags, only, finding }: Filter): boolean => Boolean(search || tags.length || only || finding);

export function withTag(filter: Filter, tag: string): Filter {
  const tags = holds(filter.tags, tag) ? filter.tags.filter((one) => same(one) !== same(tag)) : [...filter.tags, tag];
  return { ...filter, tags };
}

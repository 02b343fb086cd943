// Which pictures are shown, kept in the page's address: "back" goes back, and a link shows the same.
import { type Asked, type Filter, ONLY } from "./api";
import { holds, same } from "./words/tags";

export const NOTHING_ASKED: Asked = { trigger: "", resolution: null };
export const EVERYTHING: Filter = { search: "", tags: [], only: null, finding: null, asked: NOTHING_ASKED };

export function filterOf(query: URLSearchParams): Filter {
  const only = query.get("only");
  const finding = query.get("finding");
  return {
    search: query.get("search") ?? "",
    tags: query.getAll("tag"),
    only: ONLY.find((one) => one === only) ?? null,
    finding,
    asked: finding ? { trigger: query.get("trigger") ?? "", resolution: Number(query.get("resolution")) || null } : NOTHING_ASKED,
  };
}

export function queryOf({ search, tags, only, finding, asked }: Filter): URLSearchParams {
  const query = new URLSearchParams();
  if (search) query.set("search", search);
  for (const tag of tags) query.append("tag", tag);
  if (only) query.set("only", only);
  if (finding) query.set("finding", finding);
  if (finding && asked.trigger) query.set("trigger", asked.trigger);
  if (finding && asked.resolution) query.set("resolution", String(asked.resolution));
  return query;
}

export const isNarrow = ({ search, tags, only, finding }: Filter): boolean => Boolean(search || tags.length || only || finding);

export function withTag(filter: Filter, tag: string): Filter {
  const tags = holds(filter.tags, tag) ? filter.tags.filter((one) => same(one) !== same(tag)) : [...filter.tags, tag];
  return { ...filter, tags };
}

// What a preset needs, from what the model says of cards of each size.
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import type { PresetNeeds } from "@/api/types";

export const needsQuery = queryOptions({
  queryKey: ["presets", "needs"],
  queryFn: ({ signal }) => take(api.GET("/api/presets/needs", { signal })),
  staleTime: Infinity,
});

export interface Needs {
  /** GB of the smallest card that takes the preset as it is. */
  plain: number | null;
  /** GB of a smaller one that takes it with settings that save memory. */
  saving: number | null;
}

export function needsOf(needs: PresetNeeds["needs"] = []): Needs {
  const cards = needs.flatMap(({ memory, fits, changes }) => (memory === null || !fits ? [] : [{ memory, plain: Object.keys(changes).length === 0 }]));
  const least = (sizes: number[]) => (sizes.length === 0 ? null : Math.min(...sizes));
  const plain = least(cards.filter((card) => card.plain).map((card) => card.memory));
  const saving = least(cards.filter((card) => !card.plain && (plain === null || card.memory < plain)).map((card) => card.memory));
  return { plain, saving };
}

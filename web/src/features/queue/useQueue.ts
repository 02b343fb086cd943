// The queue: its order and whether it starts anything.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys, queueQuery } from "@/api/queries";
import { moved } from "@/features/queue/order";

export function usePaused() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (paused: boolean) => take(api.PUT("/api/queue/paused", { body: { paused } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue }),
  });
}

export interface Move {
  run: string;
  /** The run that it comes before; null: the end. */
  before: string | null;
}

/** The list shows the new order at once, and the old one again if the server refuses. */
export function useMove() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (move: Move) => take(api.POST("/api/queue/order", { body: move })),
    onMutate: async (move) => {
      await client.cancelQueries({ queryKey: keys.queue });
      const known = client.getQueryData(queueQuery.queryKey);
      if (known) client.setQueryData(queueQuery.queryKey, { ...known, waiting: moved(known.waiting, move.run, move.before) });
      return known;
    },
    onError: (_error, _move, known) => {
      if (known) client.setQueryData(queueQuery.queryKey, known);
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue }),
  });
}

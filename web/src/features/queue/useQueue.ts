// The queue: its order and whether it starts anything.
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "@/api/client";
import { keys, queueQuery } from "@/api/queries";
import type { Queue, Run } from "@/api/types";
import { joined, moved } from "@/features/queue/order";

export function usePaused() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (paused: boolean) => take(api.PUT("/api/queue/paused", { body: { paused } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue }),
  });
}

const PIECE = 200;

interface Line {
  runs: Run[];
  /** Whether more wait behind these. */
  more: boolean;
  loading: boolean;
  error: Error | null;
  showMore: () => void;
}

/** What waits, as far as it is asked for: what the queue says itself, then piece by piece. */
export function useWaiting(queue: Queue): Line {
  const [wanted, setWanted] = useState(false);
  const start = queue.next ?? null;
  const pieces = useInfiniteQuery({
    queryKey: [...keys.queue, "behind"],
    queryFn: ({ pageParam, signal }) => take(api.GET("/api/queue", { params: { query: { after: pageParam, limit: PIECE } }, signal })),
    initialPageParam: start ?? 0,
    getNextPageParam: (piece) => piece.next ?? null,
    enabled: wanted && start !== null,
  });
  const behind = start === null ? [] : (pieces.data?.pages ?? []);
  return {
    runs: joined(queue.waiting, ...behind.map((piece) => piece.waiting)),
    more: start !== null && (behind.length === 0 || pieces.hasNextPage),
    loading: pieces.isFetching,
    error: pieces.error,
    showMore: () => (wanted ? void pieces.fetchNextPage() : setWanted(true)),
  };
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

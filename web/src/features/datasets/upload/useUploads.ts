// The uploads of one data set. They live outside the screen: going elsewhere in the app does not stop them.
import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { keys } from "@/api/queries";
import { UploadQueue } from "./queue";
import { sendTo } from "./send";

const queues = new Map<string, UploadQueue>();
const REFRESH_EVERY = 1_500;

/** Calls `action` at most once in a while, and once more after the last call. */
function nowAndThen(action: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      action();
    }, REFRESH_EVERY);
  };
}

function queueOf(dataset: string, client: QueryClient): UploadQueue {
  const known = queues.get(dataset);
  if (known) return known;
  const refresh = nowAndThen(() => {
    void client.invalidateQueries({ queryKey: keys.dataset(dataset) });
    void client.invalidateQueries({ queryKey: keys.datasets });
  });
  const queue = new UploadQueue(sendTo({ dataset }), refresh);
  queues.set(dataset, queue);
  return queue;
}

export function useUploads(dataset: string) {
  const client = useQueryClient();
  const [queue] = useState(() => queueOf(dataset, client));
  const snapshot = useSyncExternalStore(queue.subscribe, queue.get);
  useLeaveWarning(snapshot.active);
  return { queue, ...snapshot };
}

/** The browser asks before a tab with unfinished uploads is closed. */
export function useLeaveWarning(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    globalThis.addEventListener("beforeunload", ask);
    return () => globalThis.removeEventListener("beforeunload", ask);
  }, [active]);
}

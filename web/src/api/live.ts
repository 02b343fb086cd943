// A run that the queue's stream brought goes into every cached list that shows it.
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import type { Queue, Run } from "@/api/types";

export type QueueMessage = { type: "run"; run: Run } | { type: "queue" };

interface RunPage {
  items: Run[];
}

interface RunPages {
  pages: RunPage[];
}

const swap = (items: Run[], run: Run): Run[] =>
  items.some((item) => item.id === run.id) ? items.map((item) => (item.id === run.id ? run : item)) : items;

function inList(data: RunPage | RunPages | undefined, run: Run): RunPage | RunPages | undefined {
  if (!data) return data;
  if ("pages" in data) return { ...data, pages: data.pages.map((page) => ({ ...page, items: swap(page.items, run) })) };
  return { ...data, items: swap(data.items, run) };
}

/** Of several news of one run only the newest matters; order between runs does not. */
export function newestRuns(batch: readonly QueueMessage[]): Run[] {
  const runs = new Map<string, Run>();
  for (const message of batch) if (message.type === "run") runs.set(message.run.id, message.run);
  return [...runs.values()];
}

/** Puts `run` into the cache; returns how it was known before. */
export function putRun(client: QueryClient, run: Run): Run | undefined {
  const queue = client.getQueryData<Queue>(keys.queue);
  const before =
    client.getQueryData<Run>(keys.run(run.id)) ??
    [...(queue?.running ?? []), ...(queue?.waiting ?? [])].find((one) => one.id === run.id);
  client.setQueryData(keys.run(run.id), run);
  client.setQueriesData<RunPage | RunPages>({ queryKey: keys.runs }, (data) => inList(data, run));
  client.setQueryData<Queue>(
    keys.queue,
    (data) => data && { ...data, running: swap(data.running, run), waiting: swap(data.waiting, run) },
  );
  return before;
}

// The one stream of the whole page: runs and the queue, kept true in the cache.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { newestRuns, putRun, type QueueMessage } from "@/api/live";
import { keys } from "@/api/queries";
import type { StreamState } from "@/api/socket";
import type { Run } from "@/api/types";
import { useEventStream } from "@/api/useEventStream";
import { announce } from "@/components/announce";
import { pathOf } from "@/features/runs/path";
import { notifyInBackground } from "@/lib/notify";
import { useCalm } from "@/lib/useCalm";

/** Milliseconds between two looks at the lists: with many machines a run begins or ends all the time. */
const CALM = 1_000;

export function useLiveQueue(): StreamState {
  const client = useQueryClient();
  const { t } = useTranslation("shell");

  const refresh = useCalm(() => {
    void client.invalidateQueries({ queryKey: keys.queue });
    void client.invalidateQueries({ queryKey: keys.runs });
  }, CALM);

  const tell = (run: Run) => {
    const words = run.state === "finished" ? t("finished", { name: run.name }) : t("failed", { name: run.name });
    announce(words, run.state === "finished" ? "plain" : "bad");
    notifyInBackground(words, pathOf(run));
  };

  const state = useEventStream<QueueMessage>("/api/queue/events", null, (batch) => {
    let moved = batch.some((message) => message.type === "queue");
    for (const run of newestRuns(batch)) {
      const before = putRun(client, run);
      if (before?.state === run.state) continue;
      moved = true;
      if (before && (run.state === "finished" || run.state === "failed")) tell(run);
    }
    if (moved) refresh();
  });

  const lost = useRef(false);
  useEffect(() => {
    if (state === "offline") lost.current = true;
    if (state !== "live" || !lost.current) return;
    lost.current = false;
    void client.invalidateQueries();
  }, [state, client]);

  return state;
}

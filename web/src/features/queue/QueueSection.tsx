// What trains now and what waits for it, in the order in which it starts.
import { Button, Skeleton } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { queueQuery } from "@/api/queries";
import type { Queue } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/queue/Queue.module.css";
import { RunningCard } from "@/features/queue/RunningCard";
import { usePaused, useWaiting } from "@/features/queue/useQueue";
import { Waiting } from "@/features/queue/Waiting";

export function QueueSection() {
  const { t } = useTranslation("queue");
  const queue = useQuery(queueQuery);
  const pause = usePaused();
  if (queue.error && queue.data === undefined) return <ErrorNote error={queue.error} onRetry={() => void queue.refetch()} />;
  if (queue.data === undefined) return <Skeleton height={132} radius="md" />;
  const { running, waiting, paused } = queue.data;
  return (
    <>
      <section aria-labelledby="now">
        <div className={classes.head}>
          <h2 id="now">{t("now")}</h2>
          <Button
            variant={paused ? "filled" : "default"} size="xs" loading={pause.isPending} onClick={() => pause.mutate(!paused)}
            leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
          >
            {t(paused ? "resume" : "pause")}
          </Button>
        </div>
        {pause.error && <ErrorNote error={pause.error} small />}
        {paused && <p className={classes.paused} role="status">{t(running.length > 0 ? "pausedRunning" : "paused")}</p>}
        {running.length === 0 ? (
          <p className={classes.idle}>{t(!paused && waiting.some((run) => run.waits == null) ? "starting" : "idle")}</p>
        ) : (
          <div className={classes.cards}>{running.map((run) => <RunningCard key={run.id} run={run} />)}</div>
        )}
      </section>
      {waiting.length > 0 && <WaitingSection queue={queue.data} />}
    </>
  );
}

function WaitingSection({ queue }: { queue: Queue }) {
  const { t } = useTranslation("queue");
  const { runs, more, loading, error, showMore } = useWaiting(queue);
  const { total } = queue;
  return (
    <section aria-labelledby="waiting">
      <div className={classes.head}><h2 id="waiting">{t("waiting", { count: total })}</h2></div>
      <Waiting runs={runs} more={more} />
      {error && <ErrorNote error={error} small />}
      {more && (
        <p className={classes.more}>
          <Button variant="default" size="xs" loading={loading} onClick={showMore}>{t("more")}</Button>
          <span role="status">{t("shown", { shown: runs.length, total })}</span>
        </p>
      )}
    </section>
  );
}

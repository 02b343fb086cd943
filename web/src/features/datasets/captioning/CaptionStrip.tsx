// Captionings of this set that wait or run: how far they are, and the ways to hold or stop them.
import { Button, Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { queueQuery } from "@/api/queries";
import type { Run } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { runQuery } from "@/features/runs/queries";
import { useVerb } from "@/features/runs/useRun";
import { isBroken, isOver } from "@/features/runs/view/progress";
import { useFormat } from "@/lib/useFormat";
import { useRefresh } from "../useEdit";
import classes from "./Captioning.module.css";

const LOOK_AGAIN = 1_500;

export function CaptionStrip({ dataset }: { dataset: string }) {
  const { data } = useQuery(queueQuery);
  const [followed, setFollowed] = useState<readonly string[]>([]);
  const here = [...(data?.running ?? []), ...(data?.waiting ?? [])].filter((run) => run.kind === "caption" && run.dataset?.id === dataset);
  const fresh = here.filter((run) => !followed.includes(run.id));
  if (fresh.length) setFollowed([...followed, ...fresh.map((run) => run.id)]);
  return followed.map((id) => <Strip key={id} id={id} dataset={dataset} onDismiss={() => setFollowed(followed.filter((one) => one !== id))} />);
}

interface StripProps {
  id: string;
  dataset: string;
  onDismiss: () => void;
}

function Strip({ id, dataset, onDismiss }: StripProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const refresh = useRefresh(dataset);
  const verb = useVerb(id);
  const { data: run } = useQuery({ ...runQuery(id), refetchInterval: ({ state }) => (state.data && isOver(state.data.state) ? false : LOOK_AGAIN) });
  const over = run !== undefined && isOver(run.state);
  const ended = useEffectEvent(refresh);
  useEffect(() => {
    if (over) ended();
  }, [over]);
  if (!run || run.state === "finished" || run.state === "cancelled") return null;
  const paused = run.state === "paused";
  return (
    <section className={classes.strip} aria-label={t("captions.progress")}>
      <Bar run={run} />
      {isBroken(run.state) && run.error ? <ErrorNote error={run.error} small /> : null}
      <div className={classes.verbs}>
        {over ? (
          <Button variant="default" size="compact-sm" onClick={onDismiss}>
            {t("common:action.dismiss")}
          </Button>
        ) : (
          <>
            <Button variant="default" size="compact-sm" disabled={verb.isPending} onClick={() => verb.mutate(paused ? "resume" : "pause")}>
              {t(paused ? "captions.resume" : "captions.pause")}
            </Button>
            <Button variant="default" size="compact-sm" disabled={verb.isPending} onClick={() => verb.mutate("cancel")}>
              {t("common:action.stop")}
            </Button>
          </>
        )}
      </div>
    </section>
  );
}

function Bar({ run }: { run: Run }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { duration } = useFormat();
  const done = run.stage_done ?? 0;
  const total = run.stage_total ?? 0;
  const busy = run.state === "running" || run.state === "preparing";
  const counted = busy && total > 0 && run.stage === "captioning";
  const words = counted ? t("captions.done", { done, total }) : busy ? t("captions.loading") : t(`common:state.${run.state}`);
  return (
    <div className={classes.bar}>
      <span role="status">{words}</span>
      <span>{run.eta_seconds && busy ? t("captions.left", { time: duration(run.eta_seconds) }) : null}</span>
      <Progress.Root size="sm" className={classes.track}>
        <Progress.Section
          value={counted ? (done / total) * 100 : busy ? 100 : 0} striped={busy && !counted} animated={busy && !counted} color="var(--loom-accent)" aria-label={t("captions.progress")}
          aria-valuetext={words}
        />
      </Progress.Root>
    </div>
  );
}

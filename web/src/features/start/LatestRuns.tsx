// The latest runs, moving while they go.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { recentRunsQuery } from "@/api/queries";
import type { Run } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { useErrorWords } from "@/components/errorWords";
import { TimeAgo } from "@/components/Format";
import { StateBadge } from "@/components/StateBadge";
import { RunCover } from "@/features/runs/RunCover";
import { useFormat } from "@/lib/useFormat";
import classes from "./Latest.module.css";

export function LatestRuns() {
  const { t } = useTranslation("start");
  const runs = useQuery(recentRunsQuery);
  return (
    <section aria-labelledby="latest-runs">
      <div className={classes.head}>
        <h2 id="latest-runs" className={classes.title}>
          {t("runs.title")}
        </h2>
        <Link to="/runs">{t("runs.all")}</Link>
      </div>
      {runs.isError ? <ErrorNote error={runs.error} onRetry={() => void runs.refetch()} /> : null}
      {runs.data?.items.length === 0 ? <p className={classes.empty}>{t("runs.empty")}</p> : null}
      <ul className={classes.list} data-waiting={runs.isPending || undefined}>
        {runs.data?.items.slice(0, 5).map((run) => <Row key={run.id} run={run} />)}
      </ul>
    </section>
  );
}

function Row({ run }: { run: Run }) {
  return (
    <li>
      <Link to={`/runs/${run.id}`} className={classes.row}>
        <span className={classes.cover}><RunCover run={run} /></span>
        <span className={classes.words}>
          <span className={classes.name}>{run.name}</span>
          <span className={classes.detail}>
            <Detail run={run} />
          </span>
        </span>
        <StateBadge state={run.state} />
      </Link>
    </li>
  );
}

function Detail({ run }: { run: Run }) {
  const { t } = useTranslation("start");
  const { duration, number } = useFormat();
  if (run.error && run.state === "failed") return <Failure error={run.error} />;
  if (run.state === "queued" && run.position != null) {
    const place = t("position", { position: run.position });
    return run.starts_in_seconds ? `${place}, ${t("startsIn", { time: duration(run.starts_in_seconds) })}` : place;
  }
  if (run.state === "running") {
    const step = t("step", { step: number(run.step), total: number(run.total_steps ?? 0) });
    return run.eta_seconds == null ? step : `${step}, ${t("left", { time: duration(run.eta_seconds) })}`;
  }
  return <TimeAgo time={run.ended_at ?? run.created_at} />;
}

function Failure({ error }: { error: NonNullable<Run["error"]> }) {
  return useErrorWords(error).title;
}

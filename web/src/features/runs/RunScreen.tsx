// The sections of a run's page, fed by its events.
import { Anchor, Skeleton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import { keys } from "@/api/queries";
import type { Run } from "@/api/types";
import { EditableTitle } from "@/components/EditableTitle";
import { Page } from "@/components/Page";
import { StateBadge } from "@/components/StateBadge";
import { Broken } from "@/features/runs/Broken";
import { Config } from "@/features/runs/Config";
import { Controls } from "@/features/runs/Controls";
import { Facts } from "@/features/runs/Facts";
import { Foretold } from "@/features/runs/Foretold";
import { Fold } from "@/components/Fold";
import { Log } from "@/features/runs/Log";
import { NextSteps } from "@/features/runs/NextSteps";
import { Notes } from "@/features/runs/Notes";
import { ProgressStrip } from "@/features/runs/ProgressStrip";
import type { Past } from "@/features/runs/queries";
import classes from "@/features/runs/Run.module.css";
import { Answers } from "@/features/runs/samples/Answers";
import { Samples } from "@/features/runs/samples/Samples";
import { Seen } from "@/features/runs/Seen";
import { SeenTexts } from "@/features/runs/SeenTexts";
import { Timeline } from "@/features/runs/Timeline";
import { useChange } from "@/features/runs/useRun";
import { isBroken, isOver, progressOf } from "@/features/runs/view/progress";
import { useRunView } from "@/features/runs/view/useRunView";

/** A chunk of its own, fetched while the run is read. */
const charts = import("@/features/runs/chart/Charts");
const Charts = lazy(() => charts);

export function RunScreen({ run, past }: { run: Run; past: Past }) {
  const { t } = useTranslation("runs");
  const { view, link } = useRunView(run.id, past);
  useFresh(run.id, view.timeline.length);
  const change = useChange(run.id);
  const over = isOver(run.state);
  const kind = kindOf(run.family);
  const { totalSteps } = progressOf(run, view);
  return (
    <Page
      wide
      title={run.name}
      above={<span className={classes.above}><Anchor component={Link} to="/runs" inherit>{t("title")}</Anchor> <StateBadge state={run.state} /></span>}
      heading={<EditableTitle name={run.name} label={t("name")} onSave={(name) => change.mutateAsync({ name })} />}
      actions={<Controls run={run} />}
    >
      <div className={classes.sections}>
        <ProgressStrip run={run} view={view} link={link} />
        <NextSteps run={run} />
        {run.error && isBroken(run.state) && <Broken id={run.id} error={run.error} />}
        <section aria-labelledby="samples">
          <h2 id="samples">{t(kind === "texts" ? "answers.title" : "samples.title")}</h2>
          {kind === "texts" ? <Answers events={view.timeline} over={over} /> : <Samples id={run.id} over={over} />}
        </section>
        <section aria-labelledby="curves">
          <h2 id="curves">{t("chart.title")}</h2>
          <Suspense fallback={<Skeleton height={620} />}>
            <Charts runId={run.id} view={view} totalSteps={totalSteps} />
          </Suspense>
        </section>
        <div className={classes.columns}>
          <section aria-labelledby="timeline">
            <h2 id="timeline">{t("timeline.title")}</h2>
            <Timeline events={view.timeline} kind={kind} />
          </section>
          <section aria-labelledby="about">
            <h2 id="about">{t("about")}</h2>
            <Facts run={run} view={view} />
            <Notes run={run} />
            <Foretold id={run.id} over={over} />
          </section>
        </div>
        <div>
          <Fold title={t(kind === "texts" ? "seen.titleTexts" : "seen.title")}>{() => (kind === "texts" ? <SeenTexts id={run.id} /> : <Seen id={run.id} />)}</Fold>
          <Fold title={t("config.title")}>{() => <Config id={run.id} />}</Fold>
          <Fold title={t("log.title")}>{() => <Log id={run.id} live={!over} />}</Fold>
        </div>
      </div>
    </Page>
  );
}

/** Whenever something happened that is told in words, the run and its lists of files are read again. */
function useFresh(id: string, happened: number): void {
  const client = useQueryClient();
  useEffect(() => {
    if (happened === 0) return;
    void client.invalidateQueries({ queryKey: keys.run(id), exact: true });
    for (const part of ["samples", "checkpoints"]) void client.invalidateQueries({ queryKey: [...keys.run(id), part] });
  }, [client, id, happened]);
}

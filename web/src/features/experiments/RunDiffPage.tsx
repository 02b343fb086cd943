// What sets runs apart: their settings, their losses over each other, their time and memory.
import { Anchor, Skeleton } from "@mantine/core";
import { useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import classes from "@/features/experiments/diff/Diff.module.css";
import { RunFigures } from "@/features/experiments/diff/RunFigures";
import { Settings } from "@/features/experiments/diff/Settings";
import { runDiffQuery } from "@/features/experiments/queries";
import { type Past, pastQuery } from "@/features/runs/queries";

const LossChart = lazy(() => import("@/features/experiments/diff/LossChart"));

/** One function, so that the list stays the same while nothing new is in it. */
const gathered = (reads: readonly UseQueryResult<Past>[]) => ({
  pasts: reads.map((read) => read.data),
  error: reads.find((read) => read.error)?.error ?? null,
  again: () => reads.forEach((read) => void read.refetch()),
});

export function Component() {
  const { t } = useTranslation("experiments");
  const [params] = useSearchParams();
  const ids = [...new Set((params.get("runs") ?? "").split(",").filter(Boolean))];
  const diff = useQuery({ ...runDiffQuery(ids), enabled: ids.length > 0 });
  const { pasts, error, again } = useQueries({ queries: ids.map((id) => pastQuery(id)), combine: gathered });
  const above = <Anchor component={Link} to="/runs" inherit>{t("diff.runs")}</Anchor>;
  return (
    <Page wide title={t("diff.title")} lead={t("diff.lead")} above={above}>
      {ids.length === 0 && <EmptyState title={t("diff.none")}>{t("diff.noneText")}</EmptyState>}
      {diff.error && <ErrorNote error={diff.error} onRetry={() => void diff.refetch()} />}
      {ids.length > 0 && diff.isPending && <Skeleton height={320} />}
      {diff.data && (
        <div className={classes.sections}>
          <section aria-labelledby="settings">
            <h2 id="settings">{t("diff.settings")}</h2>
            <Settings diff={diff.data} />
          </section>
          <section aria-labelledby="loss">
            <h2 id="loss">{t("diff.loss")}</h2>
            {error && <ErrorNote error={error} small onRetry={again} />}
            <Suspense fallback={<Skeleton height={360} />}>
              <LossChart runs={diff.data.runs} pasts={pasts} />
            </Suspense>
          </section>
          <section aria-labelledby="figures">
            <h2 id="figures">{t("diff.figures")}</h2>
            <RunFigures runs={diff.data.runs} />
          </section>
        </div>
      )}
    </Page>
  );
}

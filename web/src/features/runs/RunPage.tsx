// One run: where it stands, what it has made, how it went.
import { Anchor, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { pastQuery, runQuery } from "@/features/runs/queries";
import classes from "@/features/runs/Run.module.css";
import { RunScreen } from "@/features/runs/RunScreen";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("runs");
  const run = useQuery(runQuery(id));
  const past = useQuery(pastQuery(id));
  const above = <Anchor component={Link} to="/runs" inherit>{t("title")}</Anchor>;
  if (run.data !== undefined && past.data !== undefined) return <RunScreen key={id} run={run.data} past={past.data} />;
  const broken = run.error ?? past.error;
  return (
    <Page wide title={run.data?.name ?? t("one")} above={above}>
      {broken ? (
        <ErrorNote error={broken} onRetry={() => void Promise.all([run.refetch(), past.refetch()])} />
      ) : (
        <div className={classes.sections} aria-busy="true">
          <Skeleton height={74} />
          <Skeleton height={420} />
          <Skeleton height={560} />
        </div>
      )}
    </Page>
  );
}

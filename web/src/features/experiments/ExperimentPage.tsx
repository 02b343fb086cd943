// One comparison: how far it is, the grid, what was measured and how people voted.
import { Anchor, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { ExperimentScreen } from "@/features/experiments/ExperimentScreen";
import { experimentQuery } from "@/features/experiments/queries";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("experiments");
  const experiment = useQuery(experimentQuery(useQueryClient(), id));
  if (experiment.data) return <ExperimentScreen key={id} experiment={experiment.data} />;
  return (
    <Page wide title={t("one")} above={<Anchor component={Link} to="/experiments" inherit>{t("title")}</Anchor>}>
      {experiment.error ? (
        <ErrorNote error={experiment.error} onRetry={() => void experiment.refetch()} />
      ) : (
        <div aria-busy="true">
          <Skeleton height={72} mb="lg" />
          <Skeleton height={560} />
        </div>
      )}
    </Page>
  );
}

// Where the person was last: the run that goes, else the newest data set.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { datasetsQuery, recentRunsQuery } from "@/api/queries";
import { Way } from "./Way";

export function ContinueCard() {
  const { t } = useTranslation("start");
  const runs = useQuery(recentRunsQuery);
  const datasets = useQuery(datasetsQuery);
  const run = runs.data?.items[0];
  const dataset = datasets.data?.items[0];
  const target = run ? { to: `/runs/${run.id}`, name: run.name } : dataset ? { to: `/datasets/${dataset.id}`, name: dataset.name } : null;
  return (
    <Way title={t("go.title")} text={target || runs.isPending || datasets.isPending ? t("go.text") : t("go.none")}>
      {target ? (
        <Button variant="default" component={Link} to={target.to} maw="100%">
          {target.name}
        </Button>
      ) : null}
    </Way>
  );
}

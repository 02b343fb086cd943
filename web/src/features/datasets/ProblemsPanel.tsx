// What was left out of a data set, and why.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "./DatasetPage.module.css";
import { Refusal } from "./Refusal";

export function ProblemsPanel({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const client = useQueryClient();
  const path = { dataset_id: dataset.id };
  const problems = useQuery({
    queryKey: [...keys.dataset(dataset.id), "problems", dataset.problems],
    queryFn: ({ signal }) => take(api.GET("/api/datasets/{dataset_id}/problems", { params: { path, query: { limit: 500 } }, signal })),
  });
  const dismiss = useMutation({
    mutationFn: () => take(api.DELETE("/api/datasets/{dataset_id}/problems", { params: { path } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.dataset(dataset.id) }),
  });
  return (
    <details className={classes.problems}>
      <summary>{t(dataset.kind === "texts" ? "problems.titleTexts" : "problems.title", { count: dataset.problems })}</summary>
      <p>{t(dataset.kind === "texts" ? "problems.textTexts" : "problems.text")}</p>
      {problems.isError ? <ErrorNote error={problems.error} small onRetry={() => void problems.refetch()} /> : null}
      <ul>
        {problems.data?.items.map((problem) => (
          <Refusal key={`${problem.file} ${problem.message} ${problem.created_at}`} {...problem} kind={dataset.kind} />
        ))}
      </ul>
      {dismiss.isError ? <ErrorNote error={dismiss.error} small /> : null}
      {dataset.mine ? (
        <Button variant="default" size="compact-sm" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
          {t("problems.dismiss")}
        </Button>
      ) : null}
    </details>
  );
}

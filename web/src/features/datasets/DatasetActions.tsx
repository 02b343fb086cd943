// What one does with a data set as a whole.
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ExportMenu } from "./ExportMenu";

export function DatasetActions({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const client = useQueryClient();
  const navigate = useNavigate();

  const remove = async () => {
    await take(api.DELETE("/api/datasets/{dataset_id}", { params: { path: { dataset_id: dataset.id } } }));
    await navigate("/datasets");
    client.removeQueries({ queryKey: keys.dataset(dataset.id) });
    void client.invalidateQueries({ queryKey: keys.datasets });
  };

  return (
    <>
      {dataset.images ? <ExportMenu dataset={dataset.id} /> : null}
      {dataset.mine ? (
        <ConfirmButton
          question={t("delete.question")}
          consequence={t("delete.consequence", { name: dataset.name })}
          onConfirm={remove}
        >
          {t("delete.action")}
        </ConfirmButton>
      ) : null}
      {dataset.images ? (
        <Button component={Link} to={`/runs/new?dataset=${dataset.id}`}>
          {t("train")}
        </Button>
      ) : (
        <Button disabled>{t("trainFirst")}</Button>
      )}
    </>
  );
}

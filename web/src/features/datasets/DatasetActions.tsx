// What one does with a data set as a whole.
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { exportAddress } from "@/features/texts/api";
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
      {dataset.examples ? (
        <Button component="a" href={exportAddress(dataset.id)} download variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />}>
          {t("export.texts")}
        </Button>
      ) : null}
      {dataset.mine ? (
        <ConfirmButton
          question={t("delete.question")}
          consequence={t(dataset.kind === "texts" ? "delete.consequenceTexts" : "delete.consequence", { name: dataset.name })}
          onConfirm={remove}
        >
          {t("delete.action")}
        </ConfirmButton>
      ) : null}
      {dataset.images || dataset.examples ? (
        <Button component={Link} to={`/runs/new?dataset=${dataset.id}`}>
          {t("train")}
        </Button>
      ) : (
        <Button disabled>{t(dataset.kind === "texts" ? "trainFirstTexts" : "trainFirst")}</Button>
      )}
    </>
  );
}

// One's own pictures: an empty data set, opened where they are dropped.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useNewDataset } from "@/features/datasets/useNewDataset";
import { Way } from "./Way";

export function NewDatasetCard() {
  const { t } = useTranslation("start");
  const create = useNewDataset();
  return (
    <Way title={t("own.title")} text={t("own.text")}>
      <Button variant="default" onClick={() => create.mutate(undefined)} disabled={create.isPending}>
        {t("own.action")}
      </Button>
      {create.isError ? <ErrorNote error={create.error} small /> : null}
    </Way>
  );
}

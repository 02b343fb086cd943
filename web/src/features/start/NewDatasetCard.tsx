// One's own pictures or texts: an empty data set, opened where they are dropped.
import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useNewDataset } from "@/features/datasets/useNewDataset";
import { Way } from "./Way";

export function NewDatasetCard() {
  const { t } = useTranslation("start");
  const create = useNewDataset();
  return (
    <Way title={t("own.title")} text={t("own.text")}>
      <Group gap="xs">
        <Button variant="default" onClick={() => create.mutate({ kind: "images" })} disabled={create.isPending}>
          {t("own.action")}
        </Button>
        <Button variant="default" onClick={() => create.mutate({ kind: "texts" })} disabled={create.isPending}>
          {t("own.texts")}
        </Button>
      </Group>
      {create.isError ? <ErrorNote error={create.error} small /> : null}
    </Way>
  );
}

// The quickest way to a first LoRA: the packaged pictures, then straight to a new run.
import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import type { Kind } from "@/api/kinds";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Way } from "./Way";

export function SampleCard() {
  const { t } = useTranslation("start");
  const client = useQueryClient();
  const navigate = useNavigate();
  const sample = useMutation({
    mutationFn: (kind: Kind) => take(api.POST("/api/datasets/sample", { body: { name: t(kind === "texts" ? "sample.nameTexts" : "sample.name"), kind } })),
    onSuccess: (dataset, kind) => {
      client.setQueryData(keys.dataset(dataset.id), dataset);
      void client.invalidateQueries({ queryKey: keys.datasets });
      return navigate(`/runs/new?dataset=${dataset.id}&preset=${kind === "texts" ? "text-demo" : "quick-look"}`);
    },
  });
  return (
    <Way title={t("sample.title")} text={t("sample.text")} primary>
      <Group gap="xs">
        <Button onClick={() => sample.mutate("images")} disabled={sample.isPending}>
          {sample.isPending ? t("sample.working") : t("sample.action")}
        </Button>
        <Button variant="default" onClick={() => sample.mutate("texts")} disabled={sample.isPending}>
          {t("sample.texts")}
        </Button>
      </Group>
      {sample.isError ? <ErrorNote error={sample.error} small /> : null}
    </Way>
  );
}

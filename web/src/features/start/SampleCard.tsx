// The quickest way to a first LoRA: the packaged pictures, then straight to a new run.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Way } from "./Way";

export function SampleCard() {
  const { t } = useTranslation("start");
  const client = useQueryClient();
  const navigate = useNavigate();
  const sample = useMutation({
    mutationFn: () => take(api.POST("/api/datasets/sample", { body: { name: t("sample.name") } })),
    onSuccess: (dataset) => {
      client.setQueryData(keys.dataset(dataset.id), dataset);
      void client.invalidateQueries({ queryKey: keys.datasets });
      return navigate(`/runs/new?dataset=${dataset.id}&preset=quick-look`);
    },
  });
  return (
    <Way title={t("sample.title")} text={t("sample.text")} primary>
      <Button onClick={() => sample.mutate()} disabled={sample.isPending}>
        {sample.isPending ? t("sample.working") : t("sample.action")}
      </Button>
      {sample.isError ? <ErrorNote error={sample.error} small /> : null}
    </Way>
  );
}

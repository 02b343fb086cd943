// Creates a data set of pictures or texts and opens it. It gets a name with the date, to be renamed where it stands.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import type { Kind } from "@/api/kinds";
import { keys } from "@/api/queries";

export function useNewDataset() {
  const { t, i18n } = useTranslation("datasets");
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ kind }: { kind: Kind }) => {
      const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date());
      return take(api.POST("/api/datasets", { body: { name: t(kind === "texts" ? "newNameTexts" : "newName", { date }), kind } }));
    },
    onSuccess: (dataset) => {
      client.setQueryData(keys.dataset(dataset.id), dataset);
      void client.invalidateQueries({ queryKey: keys.datasets });
      return navigate(`/datasets/${dataset.id}`);
    },
  });
}

// Creates a data set and opens it. Without a name it gets one with the date, to be renamed where it stands.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";

export function useNewDataset() {
  const { t, i18n } = useTranslation("datasets");
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (name: string | undefined) => {
      const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date());
      return take(api.POST("/api/datasets", { body: { name: name?.trim() || t("newName", { date }) } }));
    },
    onSuccess: (dataset) => {
      client.setQueryData(keys.dataset(dataset.id), dataset);
      void client.invalidateQueries({ queryKey: keys.datasets });
      return navigate(`/datasets/${dataset.id}`);
    },
  });
}

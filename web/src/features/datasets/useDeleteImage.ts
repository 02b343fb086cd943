// Deletes one picture, out of the lists at once.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Image } from "@/api/types";
import { announce } from "@/components/announce";
import { changeImages } from "./imagesQuery";

export function useDeleteImage(dataset: string) {
  const { t } = useTranslation("datasets");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (image: Image) => take(api.DELETE("/api/images/{image_id}", { params: { path: { image_id: image.id } } })),
    onSuccess: (_, image) => {
      changeImages(client, dataset, (items) => items.filter((item) => item.id !== image.id));
      announce(t("grid.deleted", { name: image.name }));
      void client.invalidateQueries({ queryKey: keys.dataset(dataset), exact: true });
      void client.invalidateQueries({ queryKey: keys.datasets });
    },
  });
}

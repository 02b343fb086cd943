// Changes to one picture: how it is used, its crop, its mask.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteMask, type Image, type ImageChange, putMask, updateImage } from "../api";
import { putImage } from "../imagesQuery";
import { useDrafts } from "../useCaption";

/** What is to become of a picture. */
type Wanted = ImageChange | { mask: Blob | null };

export function useImageChange(dataset: string, image: Image) {
  const client = useQueryClient();
  const drafts = useDrafts(dataset);
  return useMutation({
    mutationFn: async (wanted: Wanted) => {
      await drafts.flush(image.id);
      if (!("mask" in wanted)) return updateImage(image.id, wanted);
      return wanted.mask ? putMask(image.id, wanted.mask) : deleteMask(image.id);
    },
    onSuccess: (changed) => putImage(client, dataset, changed),
  });
}

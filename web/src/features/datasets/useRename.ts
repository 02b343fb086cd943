// Gives a data set another name.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";

export function useRename(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => take(api.PATCH("/api/datasets/{dataset_id}", { params: { path: { dataset_id: id } }, body: { name } })),
    onSuccess: (changed) => {
      client.setQueryData(keys.dataset(id), changed);
      return client.invalidateQueries({ queryKey: keys.datasets });
    },
  });
}

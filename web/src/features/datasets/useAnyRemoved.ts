// Whether a set without pictures has removed ones, which can be brought back.
import { useQuery } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import { listImages } from "./api";
import { EVERYTHING } from "./filter";

export function useAnyRemoved(dataset: string, empty: boolean): boolean {
  const { data } = useQuery({
    queryKey: [...keys.dataset(dataset), "removed"],
    queryFn: ({ signal }) => listImages(dataset, { ...EVERYTHING, only: "removed" }, 1, undefined, signal),
    enabled: empty,
  });
  return empty && Boolean(data?.items.length);
}

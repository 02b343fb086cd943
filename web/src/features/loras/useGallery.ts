// The gallery, page by page, and the kinds that one can choose between.
import { useInfiniteQuery } from "@tanstack/react-query";
import { lorasQuery } from "@/features/loras/queries";

const FAMILIES = ["sd1", "sd2", "sdxl", "causal_lm"] as const;

export function useGallery(search: string, family: string | null) {
  const query = useInfiniteQuery(lorasQuery(search, family));
  const whole = useInfiniteQuery(lorasQuery("")); // what is there without a search
  const seen = new Set(whole.data?.pages.flatMap((page) => page.items.map((lora) => lora.family)));
  return {
    query,
    loras: query.data?.pages.flatMap((page) => page.items),
    // further pages may hold any kind
    families: FAMILIES.filter((one) => whole.hasNextPage || seen.has(one)),
  };
}

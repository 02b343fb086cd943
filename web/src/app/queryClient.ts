// How queries are kept and tried again: the server's refusals at once, a lost network a few times.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asApiError } from "@/api/errors";
import { keys } from "@/api/queries";

function onError(error: Error): void {
  if (asApiError(error).status === 401) void queryClient.invalidateQueries({ queryKey: keys.session });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 3 && ["offline", "internal"].includes(asApiError(error).code),
      retryDelay: (count) => Math.min(500 * 2 ** count, 8_000),
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

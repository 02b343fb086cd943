// The workers, asked again while somebody looks at them.
import { queryOptions } from "@tanstack/react-query";
import { api, take } from "@/api/client";

export const workersQuery = queryOptions({
  queryKey: ["workers"],
  queryFn: ({ signal }) => take(api.GET("/api/workers", { signal })),
  refetchInterval: 5_000,
});

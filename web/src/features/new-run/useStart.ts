// Starting the run: sent once, and then to its page.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, take } from "@/api/client";
import { asApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Problem } from "@/api/types";
import { forgetKept } from "@/features/new-run/kept";
import type { Nested } from "@/features/new-run/form/nested";

export interface Start {
  go: () => void;
  pending: boolean;
  error: Error | null;
  problems: readonly Problem[];
}

export function useStart({ config, dataset }: { config: Nested; dataset: string | null }, labels: readonly string[]): Start {
  const client = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () => take(api.POST("/api/runs", { body: { dataset, config, priority: 0, labels: [...labels] } })),
    onSuccess: (run) => {
      forgetKept();
      client.setQueryData(keys.run(run.id), run);
      void client.invalidateQueries({ queryKey: keys.runs });
      void client.invalidateQueries({ queryKey: keys.queue });
      return navigate(`/runs/${run.id}`);
    },
  });
  return {
    go: () => start.mutate(),
    pending: start.isPending,
    error: start.error,
    problems: start.error === null ? [] : asApiError(start.error).problems,
  };
}

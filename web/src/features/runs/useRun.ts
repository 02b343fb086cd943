// One run: changed, told what to do.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Run } from "@/api/types";

export type Verb = "pause" | "resume" | "cancel" | "kill" | "sample" | "checkpoint";

/** Puts what the server answered in the place of what was known. */
function useKeep(): (run: Run) => void {
  const client = useQueryClient();
  return (run) => {
    client.setQueryData(keys.run(run.id), run);
    void client.invalidateQueries({ queryKey: keys.queue });
    void client.invalidateQueries({ queryKey: keys.runs });
  };
}

export function useVerb(id: string) {
  const onSuccess = useKeep();
  return useMutation({
    mutationFn: (verb: Verb) => take(api.POST("/api/runs/{run_id}/{verb}", { params: { path: { run_id: id, verb } } })),
    onSuccess,
  });
}

/** Tries again from a checkpoint, the newest if none is named. The answer may be another run. */
export function useRetry(id: string) {
  const onSuccess = useKeep();
  return useMutation({
    mutationFn: (checkpoint: number | null) =>
      take(api.POST("/api/runs/{run_id}/retry", { params: { path: { run_id: id } }, body: { checkpoint } })),
    onSuccess,
  });
}

type Change = Partial<Pick<Run, "name" | "notes" | "tags">>;

export function useChange(id: string) {
  const onSuccess = useKeep();
  return useMutation({
    mutationFn: (body: Change) => take(api.PATCH("/api/runs/{run_id}", { params: { path: { run_id: id } }, body })),
    onSuccess,
  });
}

export function useRemove(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE("/api/runs/{run_id}", { params: { path: { run_id: id } } })),
    onSuccess: () => {
      client.removeQueries({ queryKey: keys.run(id) });
      void client.invalidateQueries({ queryKey: keys.runs });
    },
  });
}

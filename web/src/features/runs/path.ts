// Where a run is looked at: a training or a comparison on its own page, a captioning on its data set's.
import type { Run } from "@/api/types";

export function pathOf(run: Pick<Run, "id" | "kind" | "dataset">): string {
  if (run.kind === "experiment") return `/experiments/${run.id}`;
  return run.kind === "caption" && run.dataset ? `/datasets/${run.dataset.id}` : `/runs/${run.id}`;
}

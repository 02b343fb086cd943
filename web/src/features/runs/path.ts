// Where a run is looked at: a training on its own page, a captioning on its data set's.
import type { Run } from "@/api/types";

export const pathOf = (run: Pick<Run, "id" | "kind" | "dataset">): string =>
  run.kind === "caption" && run.dataset ? `/datasets/${run.dataset.id}` : `/runs/${run.id}`;

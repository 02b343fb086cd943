// A run by its newest picture, or a sheet of writing where it learns texts.
import { kindOf } from "@/api/kinds";
import type { Run } from "@/api/types";
import { Picture } from "@/components/Picture";
import { TextSheet } from "@/features/datasets/Cover";

export function RunCover({ run, eager }: { run: Pick<Run, "cover" | "family">; eager?: boolean }) {
  if (kindOf(run.family) === "texts") return <TextSheet small />;
  return <Picture src={run.cover ?? null} alt="" eager={eager} />;
}

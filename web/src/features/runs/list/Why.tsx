// Why a run failed and what to do, in two lines of a list.
import type { Run } from "@/api/types";
import { useErrorWords } from "@/components/errorWords";
import classes from "@/features/runs/list/History.module.css";

export function Why({ error }: { error: NonNullable<Run["error"]> }) {
  const words = useErrorWords(error);
  return (
    <span className={classes.why} title={words.details}>
      <strong>{words.title}.</strong> {words.hint}
    </span>
  );
}

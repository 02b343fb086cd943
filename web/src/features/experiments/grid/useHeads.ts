// The words above a column or beside a row, and where a group of them begins.
import { useTranslation } from "react-i18next";
import type { Experiment } from "@/api/types";
import type { Axis, Head } from "@/features/experiments/grid/axes";
import type { ColumnWords } from "@/features/experiments/useColumnWords";

export interface HeadWords {
  /** One a axis, the outermost first; empty where it is the same as in the head before. */
  lines: { axis: Axis; main: string; sub: string }[];
  full: string;
  /** Whether a group begins here. */
  begins: boolean;
}

type WordsOf = (column: Experiment["columns"][number]) => ColumnWords;

export function useHeads(experiment: Experiment, wordsOf: WordsOf): (heads: readonly Head[], axes: readonly Axis[]) => HeadWords[] {
  const { t } = useTranslation("experiments");
  const { columns, experiment: asked } = experiment;
  const words = (axis: Axis, value: number): ColumnWords => {
    if (axis === "prompt") return { main: asked.prompts[value] ?? "", sub: "", full: asked.prompts[value] ?? "" };
    if (axis === "seed") {
      const seed = asked.seeds.length > 1 ? t("seed", { seed: asked.seeds[value] }) : "";
      return { main: "", sub: seed, full: seed };
    }
    const column = columns[value];
    return column ? wordsOf(column) : { main: "", sub: "", full: "" };
  };
  return (heads, axes) =>
    heads.map((head, n) => {
      const before = heads[n - 1];
      const lines = axes.map((axis, depth) => {
        const value = head.at[axis] ?? 0;
        const { main, sub } = words(axis, value);
        if (before && depth < head.shared) return { axis, main: "", sub: "" };
        const other = before && depth === head.shared && axis === "column" ? before.at[axis] : undefined;
        const same = other !== undefined && words(axis, other).main === main;
        return { axis, main: same ? "" : main, sub };
      });
      const begins = n > 0 && lines.some((line, depth) => line.main !== "" && (depth < axes.length - 1 || line.axis === "column"));
      return { lines, full: axes.map((axis) => words(axis, head.at[axis] ?? 0).full).filter(Boolean).join(", "), begins };
    });
}

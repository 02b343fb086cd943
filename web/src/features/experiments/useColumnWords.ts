// What stands above a column: what is compared, at which strength, on which base, with which sampler, as far as it differs.
import { useTranslation } from "react-i18next";
import type { Column, ExperimentAsked } from "@/api/types";
import { useFormat } from "@/lib/useFormat";

export interface ColumnWords {
  main: string;
  /** What sets it apart from others of the same name; may be empty. */
  sub: string;
  full: string;
}

export function useColumnWords(asked: ExperimentAsked): (column: Column) => ColumnWords {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  return (column) => {
    const candidate = asked.candidates[column.candidate];
    const base = candidate?.what === "base";
    const step = candidate?.step == null ? "" : t("step", { step: number(candidate.step) });
    const main = base ? t("base") : candidate?.label || column.label || candidate?.id || "";
    const several = (asked.bases?.length ?? 0) > 1;
    const parts = [
      step,
      !base && (asked.strengths.length > 1 || column.strength !== 1) && `× ${number(column.strength, 2)}`,
      several && asked.bases?.[column.base],
      asked.samplers.length > 1 && t(`sampler.${asked.samplers[column.sampler] ?? "ddim"}`),
    ];
    const sub = parts.filter(Boolean).join(" · ");
    return { main, sub, full: [main, sub].filter(Boolean).join(" ") };
  };
}

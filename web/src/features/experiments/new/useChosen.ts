// What was chosen, as far as it is known: its names, its family, the base it is drawn on, the prompts it was trained with.
import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type Kind, kindOf } from "@/api/kinds";
import type { Lora, Model, Run } from "@/api/types";
import { type ChosenRun, type Draft, familyOf, type Named } from "@/features/experiments/asked/draft";
import { loraQuery } from "@/features/loras/queries";
import { isNamed } from "@/features/new-run/steps/fit";
import { runQuery, samplesQuery } from "@/features/runs/queries";
import { useFormat } from "@/lib/useFormat";

export interface Chosen {
  loras: Map<string, Lora>;
  runs: Map<string, Run>;
  kind: Kind;
  /** Null while nothing was chosen that has one. */
  family: string | null;
  /** Names of what cannot be compared with the first. */
  misfits: string[];
  base: Model | undefined;
  /** What a config calls the base. */
  baseName: string | undefined;
  /** What is taken while the person has written none. */
  prompts: string[];
  suggestions: string[];
  triggers: string[];
  /** Names that are kept with the experiment. */
  named: Named;
  /** A run's LoRA or checkpoint, in the language of the page. */
  nameOf: (run: ChosenRun) => string;
  /** Whether some of it is still being read. */
  pending: boolean;
  /** Something of what was chosen is not there any more. */
  error: Error | null;
}

const MOST_PROMPTS = 5;

export function useChosen(draft: Draft, models: readonly Model[]): Chosen {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const runIds = [...new Set(draft.runs.map((run) => run.id))];
  const loraReads = useQueries({ queries: draft.loras.map((id) => loraQuery(id)) });
  const runReads = useQueries({ queries: runIds.map((id) => runQuery(id)) });
  const loras = new Map(loraReads.flatMap(({ data }) => (data ? [[data.id, data] as const] : [])));
  const runs = new Map(runReads.flatMap(({ data }) => (data ? [[data.id, data] as const] : [])));
  const trained = [...new Set([...runIds, ...[...loras.values()].flatMap((lora) => lora.run ?? [])])];
  const samples = useQueries({ queries: trained.map((id) => ({ ...samplesQuery(id), retry: false })) });

  const inOrder = [...draft.loras.flatMap((id) => loras.get(id) ?? []), ...runIds.flatMap((id) => runs.get(id) ?? [])];
  const own = familyOf(inOrder);
  const named = draft.bases?.[0] ?? inOrder[0]?.base_model;
  const base = models.find((model) => named !== undefined && isNamed(model, named)) ?? (inOrder.length === 0 ? models.find((model) => model.available) : undefined);
  const family = own.family ?? base?.family ?? null;
  const triggers = [...new Set([...loras.values()].map((lora) => lora.trigger).filter(Boolean))];
  const suggestions = [...new Set(samples.flatMap(({ data }) => (data?.items ?? []).map((sample) => sample.prompt)).filter(Boolean))];
  const stepOf = ({ step }: ChosenRun) => (step === null ? t("new.itsLora") : t("step", { step: number(step) }));
  return {
    loras, runs, kind: kindOf(family), family, misfits: own.misfits, base, baseName: named ?? base?.id, suggestions, triggers,
    prompts: suggestions.slice(0, MOST_PROMPTS),
    named: {
      lora: (id) => loras.get(id)?.name ?? id,
      run: (one) => runs.get(one.id)?.name ?? one.id,
      base: t("base"),
    },
    nameOf: (one) => `${runs.get(one.id)?.name ?? one.id}, ${stepOf(one)}`,
    pending: [...loraReads, ...runReads, ...samples].some((read) => read.isPending),
    error: [...loraReads, ...runReads].find((read) => read.error)?.error ?? null,
  };
}

// What the form of a new run begins with: the kind that the address speaks of, and its preset and data set where they are plain.
import { type Kind, kindOf } from "@/api/kinds";
import type { Dataset, Preset } from "@/api/types";
import { changesOf, type Draft } from "@/features/new-run/draft";
import type { Nested } from "@/features/new-run/form/nested";
import { firstPreset } from "@/features/new-run/steps/fit";

export interface Origin {
  name: string;
  preset: string | null;
  dataset: string | null;
  kind: Kind;
  wanted: Nested;
}

interface Parts {
  presets: readonly Preset[];
  datasets: readonly Dataset[];
  /** Named in the address. */
  asked: { dataset: string | null; preset: string | null };
  /** The run whose settings are taken. */
  origin: Origin | undefined;
  usualPreset: string | null;
  /** GB of the largest card. */
  memory: number;
}

export const kindOfPreset = (preset: Preset): Kind => kindOf(preset.families[0]);

/** The data set decides, then the preset, then the run that is copied, then what there is. */
export function kindWanted({ presets, datasets, asked, origin }: Parts): Kind {
  const dataset = datasets.find((one) => one.id === asked.dataset);
  const preset = presets.find((one) => one.name === asked.preset);
  if (dataset) return dataset.kind;
  if (preset) return kindOfPreset(preset);
  if (origin) return origin.kind;
  return datasets.length > 0 && datasets.every((one) => one.kind === "texts") ? "texts" : "images";
}

export function freshDraft(kind: Kind, { presets, datasets, asked, origin, usualPreset, memory }: Parts): Draft {
  const able = presets.filter((preset) => kindOfPreset(preset) === kind);
  const sets = datasets.filter((dataset) => dataset.kind === kind);
  const from = origin?.kind === kind ? origin : undefined;
  const preset = [asked.preset, from?.preset, usualPreset].map((name) => able.find((one) => one.name === name)).find((one) => one !== undefined);
  const named = [asked.dataset, from?.dataset].find((id) => id != null && sets.some((one) => one.id === id));
  return {
    preset: (preset ?? firstPreset(able, memory))?.name ?? null,
    dataset: named ?? (sets.length === 1 ? (sets[0]?.id ?? null) : null),
    changed: from === undefined ? {} : changesOf(from.wanted),
  };
}

// The samples of a run as a film: a row a prompt, a column a step.
import type { Sample } from "@/api/types";

export interface Row {
  index: number;
  prompt: string;
  seed: number;
  /** By step. */
  pictures: Map<number, Sample>;
}

export interface Film {
  steps: number[];
  rows: Row[];
}

export function filmOf(samples: readonly Sample[]): Film {
  const rows = new Map<number, Row>();
  const steps = new Set<number>();
  for (const sample of samples) {
    const row = rows.get(sample.index) ?? { index: sample.index, prompt: sample.prompt, seed: sample.seed, pictures: new Map() };
    rows.set(sample.index, row);
    row.pictures.set(sample.step, sample);
    steps.add(sample.step);
  }
  return {
    steps: [...steps].sort((a, b) => a - b),
    rows: [...rows.values()].sort((a, b) => a.index - b.index),
  };
}

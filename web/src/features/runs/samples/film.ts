// The samples of a run as a film: a row a prompt, a column a step.

/** A picture, or an answer. */
export interface Frame {
  step: number;
  index: number;
  prompt: string;
  seed: number;
}

export interface Row<T> {
  index: number;
  prompt: string;
  seed: number;
  /** By step. */
  frames: Map<number, T>;
}

export interface Film<T> {
  steps: number[];
  rows: Row<T>[];
}

export function filmOf<T extends Frame>(samples: readonly T[]): Film<T> {
  const rows = new Map<number, Row<T>>();
  const steps = new Set<number>();
  for (const sample of samples) {
    const row = rows.get(sample.index) ?? { index: sample.index, prompt: sample.prompt, seed: sample.seed, frames: new Map<number, T>() };
    rows.set(sample.index, row);
    row.frames.set(sample.step, sample);
    steps.add(sample.step);
  }
  return {
    steps: [...steps].sort((a, b) => a - b),
    rows: [...rows.values()].sort((a, b) => a.index - b.index),
  };
}

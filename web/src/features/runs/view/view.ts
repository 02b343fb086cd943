/** What a run's events amount to: the state that the run's page draws. */

import type { RunEvent } from "@/api/types";

export interface Point {
  seq: number;
  step: number;
  loss: number | null;
  lr: number;
  seconds: number;
  memory: number;
  peak: number;
}

export interface Validation {
  seq: number;
  step: number;
  loss: number | null;
  /** Of texts: exp of the loss. */
  perplexity?: number | null;
}

/** How much of the model learns. */
export interface Sizes {
  trainable: number;
  all: number | null;
}

/** A child took the run at `step`: what earlier children drew after that step no longer counts. */
export interface Start {
  seq: number;
  step: number;
}

export interface StageNow {
  seq: number;
  /** Null once the child is gone: then only the server knows. */
  stage: string | null;
  done: number;
  total: number;
}

export interface RunView {
  /** Highest sequence number seen. */
  lastSeq: number;
  /** By step, rising; one a step. */
  points: Point[];
  validations: Validation[];
  starts: Start[];
  sizes: Sizes | null;
  stage: StageNow | null;
  /** The newest step that was logged, with its ETA. */
  latest: Latest | null;
  /** Events told in words, by sequence number. */
  timeline: RunEvent[];
}

export interface Latest {
  seq: number;
  step: number;
  totalSteps: number;
  epoch: number;
  loss: number | null;
  eta: number;
  etaLow: number;
  etaHigh: number;
  memory: number;
  peak: number;
  seconds: number;
  device: string;
}

export const EMPTY_VIEW: RunView = {
  lastSeq: 0,
  points: [],
  validations: [],
  starts: [],
  sizes: null,
  stage: null,
  latest: null,
  timeline: [],
};

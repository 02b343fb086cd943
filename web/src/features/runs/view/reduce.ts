/** Events -> view. Pure; the order of batches does not matter and an event that comes twice counts once. */

import type { RunEvent } from "@/api/types";
import { insertBySeq, insertByStep, thin } from "@/features/runs/view/series";
import type { Latest, Point, RunView, StageNow, Start } from "@/features/runs/view/view";

/** More points than this are thinned: a chart is not that wide. */
export const MAX_POINTS = 6000;

export function reduceEvents(view: RunView, events: readonly RunEvent[]): RunView {
  if (events.length === 0) return view;
  const next: RunView = {
    ...view,
    points: view.points.slice(),
    validations: view.validations.slice(),
    starts: view.starts.slice(),
    timeline: view.timeline.slice(),
  };
  for (const event of events) apply(next, event);
  if (next.points.length > MAX_POINTS) next.points = thin(next.points, MAX_POINTS / 2);
  return next;
}

function apply(view: RunView, event: RunEvent): void {
  const { seq, payload } = event;
  view.lastSeq = Math.max(view.lastSeq, seq);
  switch (payload.type) {
    case "StepLogged": {
      const point: Point = {
        seq,
        step: payload.step,
        loss: finite(payload.loss),
        lr: payload.lr,
        seconds: payload.step_seconds,
        memory: payload.memory_bytes,
        peak: payload.peak_memory_bytes,
      };
      if (!isOvertaken(view.starts, point)) insertByStep(view.points, point);
      if (seq > (view.latest?.seq ?? 0)) view.latest = latestOf(seq, payload);
      enter(view, { seq, stage: "training", done: payload.step, total: payload.total_steps });
      return;
    }
    case "ValidationLogged": {
      const perplexity = payload.perplexity == null ? null : finite(payload.perplexity);
      const point = { seq, step: payload.step, loss: finite(payload.loss), ...(perplexity !== null && { perplexity }) };
      if (!isOvertaken(view.starts, point)) insertByStep(view.validations, point);
      return;
    }
    case "StageStarted":
    case "StageProgressed": {
      const done = payload.type === "StageProgressed" ? payload.done : 0;
      enter(view, { seq, stage: payload.stage, done, total: payload.total });
      return;
    }
    case "RunStarted":
      if (insertBySeq(view.timeline, event)) restart(view, { seq, step: payload.step });
      view.sizes = { trainable: payload.trainable_parameters, all: payload.parameters ?? null };
      return;
    case "RunFinished":
    case "RunInterrupted":
    case "RunFailed":
    case "RunLost":
      enter(view, { seq, stage: null, done: 0, total: 0 });
      insertBySeq(view.timeline, event);
      return;
    default:
      insertBySeq(view.timeline, event);
  }
}

/** A step says that training goes on, after samples too: that stage is not announced again. */
function enter(view: RunView, stage: StageNow): void {
  if (stage.seq > (view.stage?.seq ?? 0)) view.stage = stage;
}

/** A resumed child goes on from its checkpoint: what was drawn after that step is taken back. */
function restart(view: RunView, start: Start): void {
  view.starts.push(start);
  const stays = (point: Start) => !isOvertaken([start], point);
  view.points = view.points.filter(stays);
  view.validations = view.validations.filter(stays);
}

function isOvertaken(starts: readonly Start[], point: Start): boolean {
  return starts.some((start) => start.seq > point.seq && point.step > start.step);
}

type StepPayload = Extract<RunEvent["payload"], { type: "StepLogged" }>;

function latestOf(seq: number, step: StepPayload): Latest {
  return {
    seq,
    step: step.step,
    totalSteps: step.total_steps,
    epoch: step.epoch,
    loss: finite(step.loss),
    eta: step.eta_seconds,
    etaLow: step.eta_low_seconds,
    etaHigh: step.eta_high_seconds,
    memory: step.memory_bytes,
    peak: step.peak_memory_bytes,
    seconds: step.step_seconds,
    device: step.device,
  };
}

/** The log writes infinities and NaN as words. */
function finite(value: number | string): number | null {
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

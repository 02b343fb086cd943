import { describe, expect, it } from "vitest";
import type { RunEvent } from "@/api/types";
import { MAX_POINTS, reduceEvents } from "@/features/runs/view/reduce";
import { EMPTY_VIEW, type RunView } from "@/features/runs/view/view";

const TIME = "2026-01-01T00:00:00Z";

function event(seq: number, payload: RunEvent["payload"]): RunEvent {
  return { seq, time: TIME, type: payload.type, payload };
}

function step(seq: number, at: number, loss = 1 / (at + 1)): RunEvent {
  return event(seq, {
    type: "StepLogged", step: at, total_steps: 100, epoch: 0, loss, smoothed_loss: loss, lr: 1e-4, step_seconds: 0.1,
    eta_seconds: 100 - at, eta_low_seconds: 90 - at, eta_high_seconds: 120 - at, memory_bytes: 10, peak_memory_bytes: 20,
    device: "cpu", grad_norm: null,
  });
}

function started(seq: number, at: number): RunEvent {
  return event(seq, {
    type: "RunStarted", run: "r", family: "sd1", base_model: "thimble", device: "cpu", step: at, total_steps: 100,
    images: 20, trainable_parameters: 1, pid: 1,
  });
}

function saved(seq: number, at: number): RunEvent {
  return event(seq, { type: "SampleSaved", step: at, file: `s/${at}.png`, prompt: "a fox", seed: 0, strength: 1 });
}

const read = (...batches: RunEvent[][]): RunView => batches.reduce(reduceEvents, EMPTY_VIEW);
const steps = (view: RunView) => view.points.map((point) => point.step);

describe("reduceEvents", () => {
  it("draws steps in their order and knows the newest", () => {
    const view = read([started(1, 0), step(2, 1), step(3, 2)]);
    expect(steps(view)).toEqual([1, 2]);
    expect(view.latest).toMatchObject({ step: 2, eta: 98, totalSteps: 100 });
    expect(view.lastSeq).toBe(3);
  });

  it("does not change the view it is given", () => {
    const before = read([step(1, 1)]);
    const copy = structuredClone(before);
    reduceEvents(before, [step(2, 2), started(3, 0)]);
    expect(before).toEqual(copy);
    expect(reduceEvents(before, [])).toBe(before);
  });

  it("takes back what came after the checkpoint when a run is resumed", () => {
    const first = [started(1, 0), step(2, 1), step(3, 2), step(4, 3), step(5, 4)];
    const view = read(first, [started(6, 2), step(7, 3, 9)]);
    expect(steps(view)).toEqual([1, 2, 3]);
    expect(view.points.at(-1)?.loss).toBe(9);
    expect(view.latest?.step).toBe(3);
  });

  it("knows the perplexity of texts, and how much of the model learns", () => {
    const check = event(2, { type: "ValidationLogged", step: 10, loss: 2, perplexity: Math.exp(2) });
    const begun = event(1, { ...started(1, 0).payload, parameters: 1000 } as RunEvent["payload"]);
    const view = read([begun, check]);
    expect(view.validations[0]?.perplexity).toBeCloseTo(7.39);
    expect(view.sizes).toEqual({ trainable: 1, all: 1000 });
    expect(read([event(1, { type: "ValidationLogged", step: 10, loss: 1 })]).validations).toEqual([{ seq: 1, step: 10, loss: 1 }]);
  });

  it("takes back the validation points too", () => {
    const check = (seq: number, at: number) => event(seq, { type: "ValidationLogged", step: at, loss: 1 });
    expect(read([check(1, 10), check(2, 20), started(3, 10)]).validations.map((v) => v.step)).toEqual([10]);
  });

  it("counts an event that comes twice once", () => {
    const batch = [started(1, 0), step(2, 1), saved(3, 1)];
    const view = read(batch, batch);
    expect(view.timeline).toHaveLength(2);
    expect(steps(view)).toEqual([1]);
  });

  it("ends the same whatever the order of the batches", () => {
    const events = [
      started(1, 0), step(2, 1), step(3, 2), step(4, 3), started(5, 1), step(6, 2, 5), saved(7, 2), started(8, 2), step(9, 3, 7),
    ];
    const straight = read(events);
    const backwards = read(...events.map((one) => [one]).reverse());
    const swapped = read(events.slice(4), events.slice(0, 4));
    for (const other of [backwards, swapped]) {
      expect(other.points).toEqual(straight.points);
      expect(other.timeline).toEqual(straight.timeline);
      expect(other.latest).toEqual(straight.latest);
    }
    expect(straight.points.map((point) => point.loss)).toEqual([0.5, 5, 7]);
  });

  it("keeps an old stage from overwriting a newer one", () => {
    const caching = event(2, { type: "StageProgressed", stage: "caching", done: 3, total: 20 });
    const training = event(5, { type: "StageStarted", stage: "training", total: 100 });
    expect(read([training], [caching]).stage).toMatchObject({ stage: "training", total: 100, done: 0 });
  });

  it("is back in training with the first step after samples", () => {
    const sampling = event(2, { type: "StageStarted", stage: "sampling", total: 3 });
    expect(read([step(1, 1), sampling]).stage?.stage).toBe("sampling");
    expect(read([step(1, 1), sampling, step(3, 2)]).stage).toMatchObject({ stage: "training", done: 2, total: 100 });
  });

  it("knows of no stage once the child is gone, until the next one says so", () => {
    const lost = event(2, { type: "RunLost", code: "child_died", message: "", hint: "", resumes: true });
    expect(read([step(1, 1), lost]).stage?.stage).toBeNull();
    const loading = event(3, { type: "StageStarted", stage: "loading", total: 1 });
    expect(read([step(1, 1), lost, loading]).stage?.stage).toBe("loading");
  });

  it("leaves a gap where the loss is not a number", () => {
    const broken = step(1, 1, Number.NaN);
    expect(read([broken]).points[0]?.loss).toBeNull();
  });

  it("thins old points and keeps the newest as they are", () => {
    const many = Array.from({ length: MAX_POINTS + 100 }, (_, index) => step(index + 1, index + 1));
    const view = read(many);
    expect(view.points.length).toBeLessThan(MAX_POINTS);
    expect(view.points.at(-1)?.step).toBe(MAX_POINTS + 100);
    expect(steps(view)).toEqual([...steps(view)].sort((a, b) => a - b));
    const tail = steps(view).slice(-1000);
    expect((tail.at(-1) ?? 0) - (tail[0] ?? 0)).toBe(999);
  });
});

// Where a run stands: what the live events say, else what the server last said.
import type { Run } from "@/api/types";
import type { RunView } from "@/features/runs/view/view";

export interface Eta {
  seconds: number;
  low: number;
  high: number;
}

export interface Progress {
  stage: string | null;
  done: number;
  total: number;
  step: number;
  totalSteps: number;
  eta: Eta | null;
  /** Share of the run, or of the stage before the first step; null where nobody can know. */
  share: number | null;
}

const BUSY = new Set<Run["state"]>(["preparing", "running"]);

const OVER = new Set<Run["state"]>(["finished", "failed", "cancelled"]);

export const isBusy = (state: Run["state"]): boolean => BUSY.has(state);
/** Its `error` is what stopped it; while a run goes on it is only why it had to begin again. */
export const isBroken = (state: Run["state"]): boolean => state === "failed" || state === "lost";
export const isOver = (state: Run["state"]): boolean => OVER.has(state);

export function progressOf(run: Run, view: RunView | null): Progress {
  const latest = view?.latest ?? null;
  const stage = view?.stage?.stage ? view.stage : null;
  const gone = view?.stage?.stage === null;
  const step = latest?.step ?? run.step;
  const totalSteps = latest?.totalSteps ?? run.total_steps ?? 0;
  const busy = isBusy(run.state);
  const done = stage?.done ?? run.stage_done ?? 0;
  const total = stage?.total ?? run.stage_total ?? 0;
  const before = step === 0 && total > 0 ? done / total : null;
  const share = run.state === "finished" ? 1 : step > 0 && totalSteps > 0 ? step / totalSteps : before;
  return { stage: busy ? (stage?.stage ?? run.stage ?? null) : null, done, total, step, totalSteps, eta: busy && !gone ? etaOf(run, latest) : null, share };
}

function etaOf(run: Run, latest: RunView["latest"]): Eta | null {
  if (latest !== null) return { seconds: latest.eta, low: latest.etaLow, high: latest.etaHigh };
  const { eta_seconds: seconds, eta_low_seconds: low, eta_high_seconds: high } = run;
  return seconds == null ? null : { seconds, low: low ?? seconds, high: high ?? seconds };
}

// The state of a run as a sentence.
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/kinds";
import type { Run } from "@/api/types";
import type { Progress } from "@/features/runs/view/progress";
import { useTimes } from "@/features/runs/words/useTimes";
import { useWhy } from "@/features/runs/words/useWhy";

const STAGES = ["loading", "caching", "training", "sampling", "exporting", "captioning", "comparing", "measuring"] as const;
type Stage = (typeof STAGES)[number];

const isStage = (stage: string | null): stage is Stage => STAGES.some((known) => known === stage);

const WISHES = ["pause", "cancel", "kill", "preempt", "limit"] as const;
const isWish = (wish: string | null | undefined): wish is (typeof WISHES)[number] => WISHES.some((known) => known === wish);

interface StageWords {
  /** What goes on, with its count. */
  now: string;
  /** What more there is to say while nothing can be estimated. */
  detail: string;
  /** The same without counts, for a screen reader: it changes only when the stage does. */
  said: string;
}

export function useStageWords(run: Run, progress: Progress): StageWords {
  const { t } = useTranslation();
  const { t: tr } = useTranslation("runs");
  const times = useTimes();
  const why = useWhy();
  if (run.state === "queued") {
    const detail = [times.waits(run), why(run)].filter(Boolean).join(" · ");
    return { now: t("state.queued"), detail, said: `${t("state.queued")} ${detail}` };
  }
  if (isWish(run.wish)) {
    const wish = tr(`wish.${run.wish}`);
    return { now: wish, detail: "", said: wish };
  }
  if (!isStage(progress.stage)) {
    const state = run.kind === "experiment" && run.state === "running" ? t("stage.comparing") : t(`state.${run.state}`);
    return { now: state, detail: run.state === "preparing" ? tr("preparing") : "", said: state };
  }
  const own = kindOf(run.family) === "texts" && (progress.stage === "caching" || progress.stage === "sampling");
  const stage = t(own ? `stageTexts.${progress.stage as "caching"}` : `stage.${progress.stage}`);
  const counted = progress.stage !== "training" && progress.total > 1;
  const now = counted ? tr("counted", { stage, done: progress.done, total: progress.total }) : stage;
  return { now, detail: "", said: stage };
}

// Waits in words: as exact as they are known, and no more.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import type { Run } from "@/api/types";
import type { Eta } from "@/features/runs/view/progress";

/** Rounded to what an estimate is worth. */
export function roughly(seconds: number): number {
  const grain = seconds < 60 ? 5 : seconds < 3600 ? 60 : 600;
  return Math.max(grain, Math.round(seconds / grain) * grain);
}

export function useTimes() {
  const { t } = useTranslation("runs");
  const { duration, number } = useFormat();
  return {
    left: (eta: Eta): string => {
      const low = roughly(eta.low);
      const high = roughly(eta.high);
      const about = duration(roughly(eta.seconds));
      if (low === high) return t("eta.left", { time: about });
      return t("eta.leftRange", { time: about, low: duration(low), high: duration(high) });
    },
    waits: (run: Run): string => {
      const place = run.position == null ? "" : t("wait.place", { count: run.position, ordinal: true });
      const start = run.starts_in_seconds == null ? "" : t("wait.starts", { time: duration(roughly(run.starts_in_seconds)) });
      return [place, start].filter(Boolean).join(t("wait.joint"));
    },
    steps: (step: number, total: number): string => t("steps", { step: number(step), total: number(total) }),
  };
}

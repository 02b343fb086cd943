// What is said of a drawing: while it is waited for, and once it stands.
import { useTranslation } from "react-i18next";
import type { Shown, View } from "@/features/playground/state/view";
import { useFormat } from "@/lib/useFormat";

export function useDrawingWords() {
  const { t } = useTranslation("playground");
  const { number, duration } = useFormat();

  const wait = ({ phase, quality, done, total }: View, base: string): string => {
    if (phase === null) return "";
    if (phase === "loading") return t("wait.loading", { base });
    if (phase === "drawing" && total > 0) return t(quality === "preview" ? "wait.preview" : "wait.drawing", { done: number(done), total: number(total) });
    return t(phase === "waiting" ? "wait.waiting" : "wait.asked");
  };

  return {
    wait,
    alt: (prompt: string) => (prompt.trim() === "" ? t("picture.noPrompt") : prompt),
    /** For a screen reader: steps are left out, they come too fast. */
    said: (view: View, base: string): string => {
      if (view.phase === "loading" || view.phase === "waiting") return wait(view, base);
      if (view.phase !== null || !view.shown) return "";
      return t(view.shown.quality === "preview" ? "picture.previewDone" : "picture.done");
    },
    facts: ({ quality, width, height, steps, guidance, asked, ms, seconds }: Shown): string[] => {
      const size = t("fact.size", { width: number(width), height: number(height) });
      if (quality === "preview") return [t("fact.preview"), size, t("fact.steps", { count: steps }), ...(ms === null ? [] : [t("fact.ms", { ms: number(ms) })])];
      return [
        size,
        ...(steps > 0 ? [t("fact.steps", { count: steps })] : []),
        ...(guidance > 0 ? [t("fact.guidance", { guidance: number(guidance, 1) })] : []),
        t("fact.seed", { seed: asked.seed }),
        ...(seconds > 0 ? [duration(seconds)] : []),
      ];
    },
  };
}

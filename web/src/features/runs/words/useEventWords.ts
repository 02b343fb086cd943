// One event of a run in the reader's words.
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { RunEvent } from "@/api/types";
import { formatLoss } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

export interface EventWords {
  tone: "plain" | "good" | "warn" | "bad";
  title: string;
  detail?: string;
  hint?: string;
}

const REASONS = ["steps", "minutes", "end", "interrupted", "asked", "memory"] as const;

export function useEventWords(kind: Kind): (event: RunEvent, count: number) => EventWords {
  const { t, i18n } = useTranslation(["runs", "errors"]);
  const { bytes, duration, number } = useFormat();

  /** The page's own words for a code where it has them, else what the process said. */
  const known = (code: string, part: "title" | "hint", said: string): string =>
    i18n.exists(`errors:${code}.${part}`) ? t(`errors:${code as "internal"}.${part}`) : said;
  const warned = (code: string, part: "title" | "hint", said: string): string =>
    i18n.exists(`runs:warning.${code}.${part}`) ? t(`warning.${code as "loss_exploding"}.${part}`) : known(code, part, said);

  const reasonOf = (said: string): string => {
    const stage = /^Memory ran out while (\w+)\.$/.exec(said)?.[1] ?? "";
    return i18n.exists(`runs:told.stage.${stage}`) ? t("event.memoryOut", { stage: t(`told.stage.${stage as "training"}`) }) : said;
  };

  return ({ payload: told }, count) => {
    switch (told.type) {
      case "RunStarted":
        if (told.step > 0) return { tone: "plain", title: t("event.resumed", { step: number(told.step) }), detail: told.device };
        return { tone: "plain", title: t(kind === "texts" ? "event.startedTexts" : "event.started", { count: told.images }), detail: `${told.base_model} · ${told.device}` };
      case "SampleSaved":
        return { tone: "plain", title: t(kind === "texts" ? "event.answer" : "event.sample", { count, step: number(told.step) }) };
      case "CheckpointSaved": {
        const reason = REASONS.find((one) => one === told.reason);
        return { tone: "plain", title: t("event.checkpoint", { step: number(told.step) }), detail: reason && t(`event.reason.${reason}`) };
      }
      case "SettingsLowered":
        return {
          tone: "warn",
          title: t("event.lowered", { key: told.key, old: String(told.old), now: String(told.new) }),
          detail: reasonOf(told.reason),
        };
      case "WarningRaised": {
        const title = warned(told.code, "title", told.message);
        return { tone: "warn", title, detail: title === told.message ? undefined : told.message, hint: warned(told.code, "hint", told.hint) };
      }
      case "RunFinished":
        return {
          tone: "good",
          title: t("event.finished", { steps: number(told.steps), time: duration(told.seconds) }),
          detail: t("event.finishedDetail", {
            first: formatLoss(told.loss_first), last: formatLoss(told.loss_last), memory: bytes(told.peak_memory_bytes),
          }),
        };
      case "RunInterrupted":
        return { tone: "warn", title: t("event.interrupted", { step: number(told.step) }), hint: t("event.interruptedHint") };
      case "RunFailed":
        return {
          tone: "bad", title: known(told.code, "title", told.message), detail: told.message, hint: known(told.code, "hint", told.hint),
        };
      case "RunLost":
        return {
          tone: told.resumes ? "warn" : "bad", title: t(told.resumes ? "event.lostResumes" : "event.lost"), detail: told.message,
          hint: told.resumes ? undefined : known(told.code, "hint", told.hint),
        };
      default:
        return { tone: "plain", title: told.type };
    }
  };
}

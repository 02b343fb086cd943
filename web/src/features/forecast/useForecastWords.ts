// A forecast in words: how long, how much, where from and how sure.
import { useTranslation } from "react-i18next";
import { aboutSeconds, uncertainty } from "@/features/forecast/bars";
import type { Forecast } from "@/api/types";
import { useFormat } from "@/lib/useFormat";

export function useForecastWords() {
  const { t } = useTranslation("forecast");
  const { bytes, duration, percent } = useFormat();
  const about = (seconds: number) => duration(aboutSeconds(seconds));
  const range = (low: string, high: string) => (low === high ? low : t("time.range", { low, high }));
  return {
    about,
    time: ({ seconds }: Forecast) => ({ about: about(seconds.p50), range: range(about(seconds.p10), about(seconds.p90)) }),
    memory: ({ peak_memory_bytes: peak }: Forecast) => ({ about: bytes(peak.p50), range: range(bytes(peak.p10), bytes(peak.p90)) }),
    timeSaid: ({ seconds }: Forecast) => t("time.said", { time: about(seconds.p50), low: about(seconds.p10), high: about(seconds.p90) }),
    memorySaid: ({ peak_memory_bytes: peak, free_memory_bytes: free }: Forecast) =>
      t("memory.said", { size: bytes(peak.p50), low: bytes(peak.p10), high: bytes(peak.p90), free: bytes(free) }),
    source: ({ source, device, runs, seconds }: Forecast) =>
      t("sure", { source: source === "history" ? t("source.history", { device, count: runs }) : t(`source.${source}`, { device }), percent: percent(uncertainty(seconds)) }),
  };
}

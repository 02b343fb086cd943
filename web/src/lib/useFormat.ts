// The formatters with the language of the page filled in.
import { useTranslation } from "react-i18next";
import * as format from "@/lib/format";

export function useFormat() {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return {
    language,
    bytes: (value: number) => format.formatBytes(value, language),
    duration: (seconds: number) => format.formatDuration(seconds, language),
    number: (value: number, digits = 0) => format.formatNumber(value, language, digits),
    percent: (share: number) => format.formatPercent(share, language),
    time: (time: string) => format.formatTime(new Date(time), language),
  };
}

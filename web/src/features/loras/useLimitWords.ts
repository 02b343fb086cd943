// A warning of the server in the reader's language.
import { useTranslation } from "react-i18next";
import { limitOf } from "@/features/loras/limits";

export function useLimitWords(): (sentence: string) => string | null {
  const { t } = useTranslation("loras");
  return (sentence) => {
    const limit = limitOf(sentence);
    return limit && t(`limit.${limit.key}`, { count: limit.count });
  };
}

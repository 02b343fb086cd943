// A setting and a value of it as the form calls them.
import { useTranslation } from "react-i18next";
import type { Value } from "@/features/new-run/form/nested";
import { textOf } from "@/features/new-run/form/parse";
import { useForm } from "@/features/new-run/form/useForm";

export function useSettingWords() {
  const { t, i18n } = useTranslation("forecast");
  const { fieldOf, stateOf } = useForm();
  const wordsOf = (key: string) => fieldOf(key)?.[i18n.language === "zh" ? "zh" : "en"];
  return {
    nameOf: (key: string): string => wordsOf(key)?.label ?? key,
    valueOf: (key: string, value: unknown): string => {
      if (typeof value === "boolean") return t(value ? "value.on" : "value.off");
      const text = textOf(value as Value);
      return wordsOf(key)?.choices[text] ?? (text === "" ? t("value.empty") : text);
    },
    nowOf: (key: string): Value | undefined => {
      const field = fieldOf(key);
      return field && stateOf(field).value;
    },
  };
}

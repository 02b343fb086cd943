// A setting and its faults in the language of the page.
import { useTranslation } from "react-i18next";
import type { Problem } from "@/api/types";
import { noteOf, ruleOf } from "@/features/new-run/form/sentences";
import type { Field, FieldGroup, Words } from "@/features/new-run/form/schema";

export function useFieldWords(field: Field): Words {
  const { i18n } = useTranslation("newRun");
  const words = i18n.language === "zh" ? field.zh : field.en;
  return words.unit === words.label.toLowerCase() ? { ...words, unit: "" } : words;
}

export function useGroupWords(): (group: FieldGroup) => Words {
  const { t, i18n } = useTranslation("newRun");
  return (group) => {
    if (group.key === "") return { ...group.en, label: t("own") };
    return i18n.language === "zh" ? group.zh : group.en;
  };
}

/** English is the server's own sentence; Chinese is made from the kind of fault and its limits, or from the rule that was
 * broken, where they are known. */
export function useProblemWords(): (problem: Problem) => string {
  const { t, i18n } = useTranslation("newRun");
  return (problem) => {
    if (i18n.language === "zh" && problem.kind && i18n.exists(`newRun:problem.${problem.kind}`)) {
      return t(`problem.${problem.kind as "missing"}`, { ...problem.limits });
    }
    const rule = ruleOf(problem.message);
    if (i18n.language === "zh" && problem.kind === "value_error" && i18n.exists(`newRun:rule.${rule}`)) return t(`rule.${rule as "give_epochs_or_steps"}`);
    const words = [problem.message, problem.hint].filter(Boolean).map((part) => part.replace(/\.$/, "")).join(". ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  };
}

/** What became of a setting of another tool: the server's sentence in English, its counterpart in Chinese. */
export function useNoteWords(): (note: string) => string {
  const { t, i18n } = useTranslation("newRun");
  return (note) => {
    const known = i18n.language === "zh" ? noteOf(note) : null;
    return known ? t(`note.${known.key as "adam"}`, known.parts) : note;
  };
}

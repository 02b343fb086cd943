// One change of the history in words.
import { useTranslation } from "react-i18next";
import type { Change } from "../api";

const listed = (value: unknown): string => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));
const FIELDS = ["caption", "repeats", "held_out", "crop", "mask", "removed"] as const;

export function useChangeWords() {
  const { t, i18n } = useTranslation("datasets");

  /** `known` are the changes among which an undone one may be, to say which it was. */
  const said = ({ kind, words }: Change, known: readonly Change[]): string => {
    const of = kind === "undo" ? known.find((change) => change.number === words.of) : undefined;
    if (of) return t("history.undid", { what: said(of, known) });
    const what = kind === "edit" ? String(words.do) : kind;
    if (kind === "caption") {
      const field = FIELDS.find((one) => listed(words.fields).split(", ").includes(one)) ?? "caption";
      return t(`history.field.${field}`);
    }
    if (what === "hold_out") return t(words.on ? "history.kind.hold_out" : "history.kind.train");
    if (!i18n.exists(`datasets:history.kind.${what}`)) return what;
    const holes = {
      find: listed(words.find), put: listed(words.put), text: listed(words.text), tags: listed(words.tags), old: listed(words.old), new: listed(words.new),
      caption: listed(words.caption), times: listed(words.times), of: listed(words.of), version: listed(words.version),
    };
    return t(`history.kind.${what as "replace"}`, holes);
  };

  return { said, by: useAuthorWords() };
}

/** Who wrote: `person:NAME`, `engine:clip 1` or `import`. */
export function useAuthorWords(): (author: string | null) => string {
  const { t } = useTranslation("datasets");
  return (author) => {
    if (!author) return t("author.nobody");
    const [kind, name = ""] = author.split(/:(.*)/s);
    if (kind === "person") return name;
    return kind === "engine" ? t("author.engine", { name }) : t("author.import");
  };
}

// An error in the reader's language: by its code, with the server's sentence as detail.
import { useTranslation } from "react-i18next";

interface Coded {
  code: string;
  message: string;
  hint: string;
}

export interface ErrorWords {
  title: string;
  hint: string;
  /** The server's own sentence and hint, which name files, keys and figures. */
  details: string;
}

/** Words for an ApiError or for the `error` of a run, in the language of the page. */
export function useErrorWords(error: Coded): ErrorWords {
  const { t, i18n } = useTranslation("errors");
  const known = i18n.exists(`errors:${error.code}.title`) ? error.code : "internal";
  return {
    title: t(`${known as "internal"}.title`),
    hint: t(`${known as "internal"}.hint`),
    details: [error.message, error.hint].filter(Boolean).join(" "),
  };
}

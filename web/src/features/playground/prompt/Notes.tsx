// Above a prompt: its name, how many tokens of it count, and what in it does not.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import classes from "./Prompt.module.css";
import { cutText, strangers } from "./spans";
import type { Marks } from "./useMarks";

interface Props {
  id: string;
  /** The id of the field. */
  field: string;
  label: string;
  text: string;
  marks: Marks;
}

export function Notes({ id, field, label, text, marks }: Props) {
  const { t } = useTranslation("playground");
  const { number } = useFormat();
  const { tokens, limit, spans } = marks;
  const cut = cutText(text, spans);
  const notes = [
    ...(cut === "" ? [] : [t("prompt.cut", { text: cut })]),
    ...strangers(spans, "lora").map((name) => t("prompt.noLora", { name })),
    ...strangers(spans, "wildcard").map((name) => t("prompt.noWildcard", { name })),
  ];
  return (
    <>
      <div className={classes.head}>
        <label htmlFor={field}>{label}</label>
        {tokens === null ? null : (
          <span className={classes.tokens} data-over={tokens > limit || cut !== "" || undefined} title={t("prompt.tokensHelp")}>
            {t("prompt.tokens", { tokens: number(tokens), limit: number(limit) })}
          </span>
        )}
      </div>
      <ul id={id} className={classes.notes}>
        {notes.map((note) => <li key={note}>{note}</li>)}
      </ul>
    </>
  );
}

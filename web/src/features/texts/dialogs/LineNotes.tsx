// What was not taken or is worth a look, line by line: the reason in the reader's language, then the reader's own sentence.
import { useTranslation } from "react-i18next";
import { Refusal } from "@/features/datasets/Refusal";
import type { LineNote } from "../api";
import classes from "./Dialogs.module.css";

const SHOWN = 100;

interface Props {
  notes: readonly LineNote[];
  /** How many there are, where not all are told. */
  count?: number;
  title?: string;
  warn?: boolean;
}

export function LineNotes({ notes, count = notes.length, title, warn }: Props) {
  const { t } = useTranslation("texts");
  if (notes.length === 0) return null;
  const shown = notes.slice(0, SHOWN);
  const placeOf = ({ file, line }: LineNote) => (line > 0 ? t("notes.line", { line }) : file || t("notes.whole"));
  return (
    <div className={classes.notes} data-warn={warn || undefined} role="status">
      {title ? <p>{title}</p> : null}
      <ul>
        {shown.map((note, at) => <Refusal key={`${note.file} ${note.line} ${at}`} file={placeOf(note)} reason={note.reason} message={note.message} kind="texts" />)}
      </ul>
      {count > shown.length ? <p>{t("notes.more", { count: count - shown.length })}</p> : null}
    </div>
  );
}

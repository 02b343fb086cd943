// Why one file was left out: the reason in the reader's language, then the server's own sentence.
import { useTranslation } from "react-i18next";
import classes from "./Refusal.module.css";

interface RefusalProps {
  file: string;
  reason: string;
  message: string;
}

export function Refusal({ file, reason, message }: RefusalProps) {
  const { t, i18n } = useTranslation("datasets");
  const known = i18n.exists(`datasets:reason.${reason}`) ? reason : "other";
  return (
    <li className={classes.refusal}>
      <b>{file}</b> <span>{t(`reason.${known as "other"}`)}</span>
      {message ? <small lang="en">{message}</small> : null}
    </li>
  );
}

// An error where it happened: what, what to do, try again. The server's own words are under "details".
import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/errors";
import { useErrorWords } from "./errorWords";
import classes from "./ErrorNote.module.css";

interface ErrorNoteProps {
  /** Anything that was thrown, or the `error` of a run. */
  error: unknown;
  onRetry?: () => void;
  /** One line high, for a place beside a field or in a list. */
  small?: boolean;
}

export function ErrorNote({ error, onRetry, small }: ErrorNoteProps) {
  const { t } = useTranslation();
  const known = asApiError(error);
  const words = useErrorWords(known);
  return (
    <div className={classes.note} role="alert" data-small={small || undefined}>
      <IconAlertTriangle className={classes.icon} size={small ? 16 : 20} aria-hidden="true" />
      <div className={classes.words}>
        <p className={classes.title}>{words.title}</p>
        {words.hint ? <p className={classes.hint}>{words.hint}</p> : null}
        {words.details ? (
          <details className={classes.details}>
            <summary>{t("error.details")}</summary>
            <p>{words.details}</p>
            {known.problems.length ? (
              <ul>
                {known.problems.map((problem) => (
                  <li key={`${problem.key} ${problem.message}`}>
                    <code>{problem.key}</code> {problem.message} {problem.hint}
                  </li>
                ))}
              </ul>
            ) : null}
          </details>
        ) : null}
      </div>
      {onRetry ? (
        <Button variant="default" size="compact-sm" onClick={onRetry}>
          {t("action.retry")}
        </Button>
      ) : null}
    </div>
  );
}

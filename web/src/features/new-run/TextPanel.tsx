// The settings as text, both ways: Loom's own YAML, or what another tool wrote, opened or pasted.
import { Button, FileButton, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/new-run/Editor.module.css";
import type { Nested } from "@/features/new-run/form/nested";
import { Sentence } from "@/features/new-run/form/Sentence";
import { useNoteWords } from "@/features/new-run/form/words";
import { Problems } from "@/features/new-run/Problems";
import { checkQuery } from "@/features/new-run/queries";

interface Props {
  /** The settings as they are in the form. */
  yaml: string;
  dataset: string | null;
  /** `family`: of the base that the text names, where it is known. */
  onUse: (wanted: Nested, family: string | undefined) => void;
}

export function TextPanel({ yaml, dataset, onUse }: Props) {
  const { t } = useTranslation("newRun");
  const noted = useNoteWords();
  const [edited, setEdited] = useState<string | null>(null);
  const [rested] = useDebouncedValue(edited, 400);
  const checked = useQuery({ ...checkQuery({ yaml: rested ?? "", dataset }), enabled: rested !== null });
  const current = edited !== null && edited === rested ? checked.data : undefined;
  const problems = (current?.problems ?? []).filter((problem) => problem.key !== "dataset");
  const use = () => {
    if (current === undefined) return;
    const family = current.config?.family ?? current.wanted.family;
    onUse(current.wanted, typeof family === "string" ? family : undefined);
    setEdited(null);
    announce(t("text.used"));
  };
  return (
    <>
      <p className={classes.soft}>{t("text.help")}</p>
      <div className={classes.textTools}>
        <FileButton accept=".yaml,.yml,.json,.txt" onChange={(file) => void file?.text().then(setEdited)}>
          {(props) => <Button {...props} variant="default" size="xs">{t("text.open")}</Button>}
        </FileButton>
        <CopyButton value={edited ?? yaml} label={t("text.copy")} />
      </div>
      <Textarea
        className={classes.text} aria-label={t("text.title")} autosize minRows={14} maxRows={30} spellCheck={false} value={edited ?? yaml}
        onChange={(event) => setEdited(event.currentTarget.value)}
      />
      {current !== undefined && current.notes.length > 0 && (
        <ul className={classes.notes} aria-label={t("text.notes")}>{current.notes.map((note) => <li key={note}><Sentence text={noted(note)} /></li>)}</ul>
      )}
      <Problems problems={problems} />
      {checked.error && edited !== null && <ErrorNote error={checked.error} small onRetry={() => void checked.refetch()} />}
      {edited !== null && (
        <div className={classes.textTools}>
          <Button disabled={current === undefined || Object.keys(current.wanted).length === 0} loading={checked.isFetching} onClick={use}>{t("text.use")}</Button>
          <Button variant="default" onClick={() => setEdited(null)}>{t("text.discard")}</Button>
        </div>
      )}
    </>
  );
}

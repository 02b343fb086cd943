// Texts from the clipboard, in any of the usual shapes; what could not be taken is said line by line, and stays in the field.
import { Button, Group, Modal, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { formatFacts } from "@/lib/format";
import { forget, readStored, store } from "@/lib/stored";
import { importText, type Taken } from "../api";
import { refreshExamples } from "../examplesQuery";
import classes from "./Dialogs.module.css";
import { LineNotes } from "./LineNotes";

const SHAPES = [
  ["messages", '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'],
  ["alpaca", '{"instruction": "…", "input": "…", "output": "…"}'],
  ["sharegpt", '{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}'],
  ["preference", '{"prompt": "…", "chosen": "…", "rejected": "…"}'],
  ["csv", "question,answer\n…,…"],
] as const;

export function PasteDialog({ dataset, onClose }: { dataset: string; onClose: () => void }) {
  const { t } = useTranslation(["texts", "common"]);
  const client = useQueryClient();
  const [text, setText] = useState(() => readStored(`paste ${dataset}`) ?? "");
  const write = (next: string) => {
    setText(next);
    if (next === "") forget(`paste ${dataset}`);
    else store(`paste ${dataset}`, next);
  };
  const paste = useMutation({
    mutationFn: () => importText(dataset, text, t("paste.name")),
    onSuccess: (taken) => {
      refreshExamples(client, dataset);
      if (taken.skipped.length > 0 || taken.added === 0) return;
      write("");
      if (taken.warnings.length > 0) return;
      announce(t("paste.added", { count: taken.added }));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} size="xl" title={t("paste.title")} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          paste.mutate();
        }}
      >
        <p className={classes.soft}>{t("paste.text")}</p>
        <Textarea
          className={classes.code} aria-label={t("paste.label")} placeholder={t("paste.placeholder")} autosize minRows={10} maxRows={22} spellCheck={false} data-autofocus value={text}
          onChange={(event) => write(event.currentTarget.value)}
        />
        <Fold title={t("paste.shapes")}>
          {() => (
            <dl className={classes.shapes}>
              {SHAPES.map(([name, sample]) => <div key={name}><dt>{t(`paste.shape.${name}`)}</dt><dd><pre>{sample}</pre></dd></div>)}
            </dl>
          )}
        </Fold>
        {paste.isError ? <ErrorNote error={paste.error} small onRetry={() => paste.mutate()} /> : null}
        {paste.data ? <Outcome taken={paste.data} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("common:action.close")}</Button>
          <Button type="submit" loading={paste.isPending} disabled={text.trim() === ""}>{t("paste.action")}</Button>
        </Group>
      </form>
    </Modal>
  );
}

function Outcome({ taken }: { taken: Taken }) {
  const { t } = useTranslation("texts");
  const parts = [t("paste.added", { count: taken.added })];
  if (taken.duplicates > 0) parts.push(t("paste.duplicates", { count: taken.duplicates }));
  return (
    <>
      <p className={classes.outcome} role="status">{formatFacts(parts)}</p>
      <LineNotes notes={taken.skipped} count={taken.skipped_count} title={t("notes.skipped", { count: taken.skipped_count })} />
      <LineNotes notes={taken.warnings} count={taken.warnings_count} title={t("notes.warnings", { count: taken.warnings_count })} warn />
    </>
  );
}

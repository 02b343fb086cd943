// What the person writes about a run, kept as they leave the field.
import { TagsInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { useChange } from "@/features/runs/useRun";

export function Notes({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const { t: tc } = useTranslation();
  const [notes, setNotes] = useState(run.notes);
  const change = useChange(run.id);
  const saved = { onSuccess: () => announce(tc("saved")) };
  const keep = () => {
    if (notes !== run.notes) change.mutate({ notes }, saved);
  };
  return (
    <>
      <TagsInput
        label={t("tags")} placeholder={run.tags.length === 0 ? t("tagsHint") : ""} value={run.tags} mb="sm"
        onChange={(tags) => change.mutate({ tags }, saved)}
      />
      <Textarea
        label={t("notes")} placeholder={t("notesHint")} autosize minRows={3} maxRows={12} value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)} onBlur={keep}
      />
      {change.error && <ErrorNote error={change.error} small onRetry={keep} />}
    </>
  );
}

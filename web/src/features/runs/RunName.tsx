// The name of a run as the page's heading; a click makes it a field.
import { ActionIcon, TextInput } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { focusOnce } from "@/features/runs/focus";
import classes from "@/features/runs/Run.module.css";
import { useChange } from "@/features/runs/useRun";

export function RunName({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const [draft, setDraft] = useState<string | null>(null);
  const change = useChange(run.id);
  const save = () => {
    const name = draft?.trim() ?? "";
    setDraft(null);
    if (name === "" || name === run.name) return;
    change.mutate({ name }, { onError: (error) => announce(error.message, "bad") });
  };
  if (draft !== null) {
    return (
      <TextInput
        aria-label={t("name")} size="md" maw={480} maxLength={200} ref={focusOnce} value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Enter") save();
          if (event.key === "Escape") setDraft(null);
        }}
      />
    );
  }
  return (
    <h1 className={classes.name}>
      {change.isPending ? change.variables.name : run.name}
      <ActionIcon variant="subtle" color="gray" ml={6} aria-label={t("rename")} onClick={() => setDraft(run.name)}>
        <IconPencil size={18} />
      </ActionIcon>
    </h1>
  );
}

// A name as the page's heading; the pencil makes it a field. Enter or leaving it saves, Escape does not.
import { ActionIcon, TextInput } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import classes from "./Page.module.css";

interface Props {
  name: string;
  /** What the name is of, for the field. */
  label: string;
  onSave: (name: string) => Promise<unknown>;
}

/** As a ref, which must stay the same: the cursor goes into the field as it appears, its text chosen. */
const select = (input: HTMLInputElement | null) => input?.select();

export function EditableTitle({ name, label, onSave }: Props) {
  const { t } = useTranslation("common");
  const [draft, setDraft] = useState<string | null>(null);
  const save = useMutation({ mutationFn: onSave, onError: (error) => announce(error.message, "bad") });
  const done = () => {
    const wanted = draft?.trim() ?? "";
    setDraft(null);
    if (wanted !== "" && wanted !== name) save.mutate(wanted);
  };
  if (draft !== null) {
    return (
      <TextInput
        aria-label={label} size="md" maw={480} maxLength={200} ref={select} value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done();
          if (event.key === "Escape") setDraft(null);
        }}
      />
    );
  }
  return (
    <h1 className={classes.title}>
      {save.isPending ? save.variables : name}
      <ActionIcon variant="subtle" color="gray" ml={6} aria-label={t("action.rename")} title={t("action.rename")} onClick={() => setDraft(name)}>
        <IconPencil size={18} />
      </ActionIcon>
    </h1>
  );
}

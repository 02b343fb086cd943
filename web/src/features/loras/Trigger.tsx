// The word that calls a LoRA: to be copied, and written where the file does not say it.
import { ActionIcon, TextInput } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Lora } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/loras/Loras.module.css";
import { useChange } from "@/features/loras/queries";

const focus = (input: HTMLInputElement | null) => input?.focus();

export function Trigger({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const [draft, setDraft] = useState<string | null>(null);
  const change = useChange(lora.id);
  const done = () => {
    setDraft(null);
    if (draft !== null && draft.trim() !== lora.trigger) change.mutate({ trigger: draft.trim() });
  };
  return (
    <section aria-labelledby="trigger">
      <h2 id="trigger">{t("trigger")}</h2>
      {draft === null ? (
        <p className={lora.trigger ? classes.word : classes.noWord}>
          {lora.trigger ? <><code>{lora.trigger}</code> <CopyButton value={lora.trigger} /></> : t("noTrigger")}
          <ActionIcon variant="subtle" color="gray" aria-label={t("editTrigger")} title={t("editTrigger")} onClick={() => setDraft(lora.trigger)}>
            <IconPencil size={16} />
          </ActionIcon>
        </p>
      ) : (
        <TextInput
          aria-labelledby="trigger" description={t("triggerHelp")} inputWrapperOrder={["input", "description"]} maw={480} maxLength={1000} ref={focus} value={draft}
          onChange={(event) => setDraft(event.currentTarget.value)}
          onBlur={done}
          onKeyDown={(event) => {
            if (event.key === "Enter") done();
            if (event.key === "Escape") setDraft(null);
          }}
        />
      )}
      {change.error && <ErrorNote error={change.error} small />}
    </section>
  );
}

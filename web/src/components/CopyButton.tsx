// Copies a text and says so.
import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { announce } from "./announce";

export function CopyButton({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 1500 });
  const words = label ?? t("action.copy");
  const copy = () => {
    clipboard.copy(value);
    announce(t("action.copied"));
  };
  return (
    <Tooltip label={clipboard.copied ? t("action.copied") : words}>
      <ActionIcon variant="subtle" color="gray" aria-label={words} onClick={copy}>
        {clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

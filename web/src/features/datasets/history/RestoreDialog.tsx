// The question before a whole set goes back to what it was.
import { Button, Group, Modal, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useEditor } from "../editor/useEditor";

export function RestoreDialog({ version, onClose }: { version: number; onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { restore } = useEditor();
  return (
    <Modal opened onClose={onClose} title={t("restore.title")} centered closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <Text mb="lg">{t(version ? "restore.text" : "restore.textBeginning", { version })}</Text>
      {restore.isError ? <ErrorNote error={restore.error} small /> : null}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("common:action.cancel")}
        </Button>
        <Button loading={restore.isPending} onClick={() => restore.mutate(version, { onSuccess: onClose })}>
          {t("restore.action")}
        </Button>
      </Group>
    </Modal>
  );
}

// A LoRA that was never compared: it is said what that means, and it goes out only when that is said a second time.
import { Button, Group, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

interface GateProps {
  lora: string;
  opened: boolean;
  onClose: () => void;
  onPublish: () => void;
}

export function Gate({ lora, opened, onClose, onPublish }: GateProps) {
  const { t } = useTranslation(["publish", "common"]);
  return (
    <Modal opened={opened} onClose={onClose} title={t("gate.title")} centered closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <p>{t("gate.text")}</p>
      <p>{t("gate.kept")}</p>
      <Group mt="lg" justify="flex-end">
        <Button variant="subtle" color="gray" onClick={onPublish}>{t("gate.anyway")}</Button>
        <Button component={Link} to={`/experiments/new?lora=${lora}`} data-autofocus>{t("gate.compare")}</Button>
      </Group>
    </Modal>
  );
}

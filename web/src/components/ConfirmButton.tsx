// An action that cannot be undone asks once, in a dialog that says what will be gone.
import { Button, type ButtonProps, Group, Modal, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "./ErrorNote";

interface ConfirmButtonProps extends ButtonProps {
  /** What the button and the confirming button say. */
  children: string;
  /** The question, as the dialog's title. */
  question: string;
  /** What will be gone and what stays. */
  consequence: ReactNode;
  onConfirm: () => unknown;
}

export function ConfirmButton({ children, question, consequence, onConfirm, ...button }: ConfirmButtonProps) {
  const { t } = useTranslation();
  const [opened, { open, close }] = useDisclosure(false);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const confirm = async () => {
    setWorking(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (reason) {
      setError(reason);
    } finally {
      setWorking(false);
    }
  };

  return (
    <>
      <Button variant="default" {...button} onClick={open}>
        {children}
      </Button>
      <Modal opened={opened} onClose={close} title={question} centered closeButtonProps={{ "aria-label": t("action.close") }}>
        <Text component="div" mb="lg">
          {consequence}
        </Text>
        {error ? <ErrorNote error={error} small /> : null}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close} data-autofocus>
            {t("action.cancel")}
          </Button>
          <Button onClick={() => void confirm()} loading={working}>
            {children}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

// The keys of the editor, and the tags of the digits.
import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./KeysDialog.module.css";
import { useEditor } from "./useEditor";

const KEYS = [
  ["next", ["J", "→"]],
  ["previous", ["K", "←"]],
  ["rows", ["↑", "↓"]],
  ["edit", ["E", "Enter"]],
  ["large", ["O", "Space"]],
  ["saveNext", ["Ctrl+Enter"]],
  ["leave", ["Esc"]],
  ["tags", ["1 – 9"]],
  ["select", ["X"]],
  ["selectAll", ["Ctrl+A"]],
  ["reject", ["Del"]],
  ["holdOut", ["H"]],
  ["crop", ["C"]],
  ["mask", ["M"]],
  ["search", ["/"]],
  ["undo", ["U", "Ctrl+Z"]],
  ["help", ["?"]],
] as const;

export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { quick } = useEditor();
  return (
    <Modal opened={opened} onClose={onClose} title={t("tools.keys")} size="lg" closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <dl className={classes.keys}>
        {KEYS.map(([what, keys]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(`keys.${what}`)}</dd>
          </div>
        ))}
        {quick.map(({ tag }, at) => (
          <div key={tag}>
            <dt>
              <kbd>{at + 1}</kbd>
            </dt>
            <dd>{tag}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

// One kept drawing of the strip.
import { ActionIcon } from "@mantine/core";
import { IconColumns2, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Picture } from "@/components/Picture";
import type { Drawing } from "@/features/playground/types";
import { useFormat } from "@/lib/useFormat";
import classes from "./History.module.css";

interface Props {
  drawing: Drawing;
  current: boolean;
  beside: boolean;
  onTake: () => void;
  onBeside: () => void;
  onDelete: () => void;
}

export function Kept({ drawing, current, beside, onTake, onBeside, onDelete }: Props) {
  const { t } = useTranslation("playground");
  const { time } = useFormat();
  const prompt = drawing.asked.prompt.trim() || t("picture.noPrompt");
  const name = t("history.name", { prompt, time: time(drawing.created_at) });
  return (
    <li className={classes.kept}>
      <button type="button" className={classes.take} aria-current={current || undefined} aria-label={t("history.take", { name })} title={name} onClick={onTake}>
        <Picture src={drawing.picture} alt="" />
      </button>
      <div className={classes.tools} data-on={beside || undefined}>
        <ActionIcon variant={beside ? "filled" : "default"} size="sm" aria-pressed={beside} aria-label={t("history.compare", { name })} title={t("history.compareShort")} onClick={onBeside}><IconColumns2 size={14} /></ActionIcon>
        <ActionIcon variant="default" size="sm" aria-label={t("history.delete", { name })} title={t("history.deleteShort")} onClick={onDelete}><IconTrash size={14} /></ActionIcon>
      </div>
    </li>
  );
}

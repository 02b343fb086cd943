// The picture that is varied, and how far the new one may go from it.
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Picture } from "@/components/Picture";
import type { Play } from "@/features/playground/state/play";
import { useAsked } from "@/features/playground/usePlay";
import classes from "./Controls.module.css";
import { Dial } from "./Dial";

export function Source({ play }: { play: Play }) {
  const { t } = useTranslation("playground");
  const picture = useAsked(play, "picture");
  const variation = useAsked(play, "variation");
  if (!picture) return null;
  const source = picture.kind === "drawing" ? `/api/drawings/${picture.id}/picture` : `/api/images/${picture.id}/thumbnail`;
  return (
    <section className={classes.source} aria-label={t("variation.title")}>
      <Picture src={source} alt={t("variation.of")} />
      <span>{t("variation.title")}</span>
      <ActionIcon variant="subtle" color="gray" aria-label={t("variation.remove")} onClick={() => play.ask({ picture: null })}><IconX size={16} /></ActionIcon>
      <Dial label={t("variation.amount")} min={0.05} max={1} value={variation} onChange={(value) => play.ask({ variation: value })} />
    </section>
  );
}

// A LoRA by its preview, with what one needs to choose it.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Lora } from "@/api/types";
import { Picture } from "@/components/Picture";
import { TextSheet } from "@/features/datasets/Cover";
import classes from "@/features/loras/Loras.module.css";
import { useFormat } from "@/lib/useFormat";

/** `version`: the newest one that was published. */
export function LoraCard({ lora, version }: { lora: Lora; version: number | undefined }) {
  const { t } = useTranslation("loras");
  const { bytes } = useFormat();
  const texts = kindOf(lora.family) === "texts";
  return (
    <Link to={`/loras/${lora.id}`} className={classes.card}>
      {texts ? <TextSheet small /> : <Picture src={lora.preview} alt="" />}
      <strong>{lora.name}</strong>
      {texts ? <span className={classes.soft}>{t("kind.texts")}</span> : <span className={lora.trigger ? classes.trigger : classes.soft}>{lora.trigger || t("noTrigger")}</span>}
      <span className={classes.soft}>{[lora.base_model, bytes(lora.bytes)].filter(Boolean).join(" · ")}</span>
      {(version !== undefined || !lora.run) && (
        <span className={classes.marks}>
          {version !== undefined && <span className={classes.mark} data-tone="good">{t("published", { version })}</span>}
          {!lora.run && <span className={classes.mark}>{t("elsewhere")}</span>}
        </span>
      )}
    </Link>
  );
}

// A LoRA for pictures: its preview, the word that calls it, what speaks for it, the files.
import { useTranslation } from "react-i18next";
import type { Lora } from "@/api/types";
import { Picture } from "@/components/Picture";
import { Downloads } from "@/features/loras/Downloads";
import { EvidenceSection } from "@/features/loras/EvidenceSection";
import { Hashes } from "@/features/loras/Hashes";
import { LoraFacts } from "@/features/loras/LoraFacts";
import classes from "@/features/loras/Loras.module.css";
import { Trigger } from "@/features/loras/Trigger";

export function PictureLora({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  return (
    <div className={classes.lora}>
      <div>
        {lora.preview ? <Picture src={lora.preview} alt={lora.name} fit="contain" eager /> : <div className={classes.noPreview}>{t("noPreview")}</div>}
      </div>
      <div className={classes.sections}>
        <Trigger lora={lora} />
        <EvidenceSection lora={lora} />
        <section aria-labelledby="use">
          <h2 id="use">{t("use")}</h2>
          <p className={classes.soft}>{t("useHelp")}</p>
          <Downloads lora={lora} />
        </section>
      </div>
      <div className={classes.about}>
        <section aria-labelledby="facts">
          <h2 id="facts">{t("facts")}</h2>
          <LoraFacts lora={lora} />
        </section>
        <Hashes lora={lora} />
      </div>
    </div>
  );
}

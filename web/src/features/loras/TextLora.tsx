// A LoRA of a language model: talk with it beside its base, then take it along.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Lora } from "@/api/types";
import { ChatPanel } from "@/features/chat/ChatPanel";
import { Downloads } from "@/features/loras/Downloads";
import { EvidenceSection } from "@/features/loras/EvidenceSection";
import { Hashes } from "@/features/loras/Hashes";
import { LoraFacts } from "@/features/loras/LoraFacts";
import classes from "@/features/loras/Loras.module.css";
import { samplesQuery } from "@/features/runs/queries";

export function TextLora({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const { data } = useQuery({ ...samplesQuery(lora.run ?? ""), enabled: Boolean(lora.run) });
  const asked = [...new Set((data?.items ?? []).map((sample) => sample.prompt))];
  return (
    <div className={classes.lora} data-kind="texts">
      <section aria-labelledby="chat">
        <h2 id="chat" className={classes.head}>{t("chat")}</h2>
        <ChatPanel lora={lora.id} suggestions={asked} />
      </section>
      <div className={classes.sections}>
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

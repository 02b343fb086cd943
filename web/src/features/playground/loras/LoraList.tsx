// The LoRAs that are on, and the way to more.
import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Model } from "@/api/types";
import type { Play } from "@/features/playground/state/play";
import { loraKey } from "@/features/playground/state/settings";
import type { LoraAsked } from "@/features/playground/types";
import { useAsked } from "@/features/playground/usePlay";
import { AddLora } from "./AddLora";
import { LoraRow } from "./LoraRow";
import classes from "./Loras.module.css";
import { baseFor } from "./fits";
import { familyOf, type LoraInfo } from "./useLoraInfo";

const MOST = 10;

interface Props {
  play: Play;
  infos: readonly LoraInfo[];
  models: readonly Model[];
}

export function LoraList({ play, infos, models }: Props) {
  const { t } = useTranslation("playground");
  const [adding, dialog] = useDisclosure(false);
  const loras = useAsked(play, "loras");
  const base = useAsked(play, "base_model");
  const change = (at: number, part: Partial<LoraAsked>) => play.ask({ loras: loras.map((one, index) => (index === at ? { ...one, ...part } : one)) });
  const add = (lora: LoraAsked, family: string, made: string) => {
    dialog.close();
    if (loras.some((one) => loraKey(one) === loraKey(lora))) return;
    play.ask({ loras: [...loras, lora], base_model: baseFor(models, base, family, made, loras.length > 0) });
  };
  return (
    <section aria-labelledby="playground-loras" className={classes.section}>
      <div className={classes.head}>
        <h2 id="playground-loras">{t("loras.title")}</h2>
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={16} aria-hidden="true" />} disabled={loras.length >= MOST} onClick={dialog.open}>{t("loras.add")}</Button>
      </div>
      {loras.length === 0 ? <p className={classes.soft}>{t("loras.none")}</p> : null}
      <ul className={classes.list}>
        {loras.map((lora, at) => {
          const info = infos[at];
          if (!info) return null;
          return (
            <LoraRow
              key={`${at} ${loraKey({ ...lora, step: null })}`} play={play} lora={lora} info={info}
              onChange={(part) => change(at, part)}
              onRemove={() => play.ask({ loras: loras.filter((_, index) => index !== at) })}
            />
          );
        })}
      </ul>
      {adding ? <AddLora family={loras.length > 0 ? familyOf(infos) : null} chosen={loras} onAdd={add} onClose={dialog.close} /> : null}
    </section>
  );
}

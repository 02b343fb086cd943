// The first question: the base alone, LoRAs of the gallery, runs with their checkpoints.
import { CloseButton, SegmentedControl, Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { type Draft, sameRun, toggled } from "@/features/experiments/asked/draft";
import { LoraChoices } from "@/features/experiments/new/LoraChoices";
import classes from "@/features/experiments/new/New.module.css";
import { RunChoices } from "@/features/experiments/new/RunChoices";
import type { Chosen } from "@/features/experiments/new/useChosen";
import { Step } from "@/features/new-run/steps/Step";

export interface PartProps {
  draft: Draft;
  chosen: Chosen;
  onChange: (part: Partial<Draft>) => void;
}

const FROM = ["loras", "runs"] as const;

export function Choose({ draft, chosen, onChange }: PartProps) {
  const { t } = useTranslation("experiments");
  const [from, setFrom] = useState<(typeof FROM)[number]>(draft.runs.length > 0 && draft.loras.length === 0 ? "runs" : "loras");
  const picked = [
    ...draft.loras.map((id) => ({ key: id, name: chosen.named.lora(id), remove: () => onChange({ loras: toggled(draft.loras, id) }) })),
    ...draft.runs.map((one) => ({ key: `${one.id} ${one.step}`, name: chosen.nameOf(one), remove: () => onChange({ runs: toggled(draft.runs, one, sameRun) }) })),
  ];
  return (
    <Step number={1} title={t("new.what")} help={t("new.whatHelp")}>
      <Switch
        label={t("new.withBase")} description={t("new.withBaseHelp")} checked={draft.base} mb="md"
        onChange={(event) => onChange({ base: event.currentTarget.checked })}
      />
      {picked.length > 0 && (
        <ul className={classes.picked} aria-label={t("new.picked")}>
          {picked.map(({ key, name, remove }) => (
            <li key={key}>
              <span>{name}</span>
              <CloseButton size="sm" aria-label={t("new.remove", { name })} onClick={remove} />
            </li>
          ))}
        </ul>
      )}
      {chosen.misfits.length > 0 && <p className={classes.refused} role="alert">{t("new.mixed", { names: chosen.misfits.join(t("and")) })}</p>}
      {chosen.error && <ErrorNote error={chosen.error} small />}
      <SegmentedControl
        value={from} onChange={(value) => setFrom(FROM.find((one) => one === value) ?? "loras")} mb="md" aria-label={t("new.from")}
        data={FROM.map((value) => ({ value, label: t(`new.fromWhere.${value}`) }))}
      />
      {from === "loras" ? <LoraChoices draft={draft} chosen={chosen} onChange={onChange} /> : <RunChoices draft={draft} chosen={chosen} onChange={onChange} />}
    </Step>
  );
}

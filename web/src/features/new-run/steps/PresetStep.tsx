// What the person wants to make: cards with pictures and words, those that this machine can run first.
import { Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Model, Preset } from "@/api/types";
import { Picture } from "@/components/Picture";
import { fits, suits } from "@/features/new-run/steps/fit";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

interface Props {
  presets: readonly Preset[];
  chosen: string | null;
  memory: number;
  models: readonly Model[];
  onChoose: (name: string) => void;
}

export function PresetStep({ presets, chosen, memory, models, onChoose }: Props) {
  const { t } = useTranslation("newRun");
  const [all, setAll] = useState(false);
  const usable = presets.filter((preset) => fits(preset, memory) && models.some((model) => model.available && suits(preset, model)));
  const shown = all || usable.length === 0 ? presets : presets.filter((preset) => usable.includes(preset) || preset.name === chosen);
  const pictured = shown.some((preset) => preset.picture);
  return (
    <Step number={1} title={t("preset.title")} help={t("preset.help")}>
      {usable.length > 0 && usable.length < presets.length && (
        <Switch size="sm" mb="md" label={t("preset.all", { count: presets.length })} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      )}
      <div className={classes.cards} role="radiogroup" aria-label={t("preset.title")}>
        {shown.map((preset) => (
          <Card key={preset.name} preset={preset} checked={preset.name === chosen} memory={memory} pictured={pictured} onChoose={onChoose} />
        ))}
      </div>
    </Step>
  );
}

interface CardProps {
  preset: Preset;
  checked: boolean;
  memory: number;
  /** Whether the cards have pictures at all. */
  pictured: boolean;
  onChoose: (name: string) => void;
}

function Card({ preset, checked, memory, pictured, onChoose }: CardProps) {
  const { t, i18n } = useTranslation("newRun");
  const { title, who } = i18n.language === "zh" ? preset.zh : preset;
  const needs = preset.memory.length === 0 ? t("preset.anyMachine") : t("preset.needs", { memory: Math.min(...preset.memory) });
  return (
    <label className={classes.card} data-checked={checked || undefined}>
      <input type="radio" name="preset" value={preset.name} checked={checked} onChange={() => onChoose(preset.name)} />
      {pictured && <Picture src={preset.picture} alt="" ratio={16 / 10} className={classes.cardPicture} />}
      <span className={classes.cardWords}>
        <strong>{title}</strong>
        <span>{who}</span>
        <span className={classes.marks}>
          <span>{t(`purpose.${preset.purpose as "style"}`, { defaultValue: preset.purpose })}</span>
          <span>{preset.families.map((family) => t(`family.${family as "sd1"}`, { defaultValue: family })).join(", ")}</span>
          <span data-warn={!fits(preset, memory) || undefined}>{needs}</span>
        </span>
      </span>
    </label>
  );
}

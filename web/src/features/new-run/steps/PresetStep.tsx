// What the person wants to make: cards with pictures and words, those that this machine can run first.
import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { Model, Preset, PresetNeeds } from "@/api/types";
import { Picture } from "@/components/Picture";
import { fits, suits } from "@/features/new-run/steps/fit";
import { needsOf, needsQuery } from "@/features/new-run/steps/needs";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

interface Props {
  kind: Kind;
  presets: readonly Preset[];
  chosen: string | null;
  memory: number;
  models: readonly Model[];
  onChoose: (name: string) => void;
}

export function PresetStep({ kind, presets, chosen, memory, models, onChoose }: Props) {
  const { t } = useTranslation("newRun");
  const [all, setAll] = useState(false);
  const needs = useQuery(needsQuery);
  const usable = presets.filter((preset) => fits(preset, memory) && models.some((model) => model.available && suits(preset, model)));
  const shown = all || usable.length === 0 ? presets : presets.filter((preset) => usable.includes(preset) || preset.name === chosen);
  const pictured = shown.some((preset) => preset.picture);
  return (
    <Step number={2} title={t(kind === "texts" ? "preset.titleTexts" : "preset.title")} help={t("preset.help")}>
      {usable.length > 0 && usable.length < presets.length && (
        <Switch size="sm" mb="md" label={t("preset.all", { count: presets.length })} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      )}
      <div className={classes.cards} role="radiogroup" aria-label={t(kind === "texts" ? "preset.titleTexts" : "preset.title")}>
        {shown.map((preset) => (
          <Card key={preset.name} preset={preset} known={needs.data?.items.filter((one) => one.preset === preset.name) ?? []} checked={preset.name === chosen} memory={memory} pictured={pictured} onChoose={onChoose} />
        ))}
      </div>
    </Step>
  );
}

interface CardProps {
  preset: Preset;
  /** What it needs, for each family of bases. */
  known: readonly PresetNeeds[];
  checked: boolean;
  memory: number;
  /** Whether the cards have pictures at all. */
  pictured: boolean;
  onChoose: (name: string) => void;
}

function Card({ preset, known, checked, memory, pictured, onChoose }: CardProps) {
  const { t, i18n } = useTranslation("newRun");
  const { title, who } = i18n.language === "zh" ? preset.zh : preset;
  const needs = preset.memory.length === 0 ? t("preset.anyMachine") : t("preset.needs", { memory: Math.min(...preset.memory) });
  const warn = !fits(preset, memory);
  const familyOf = (family: string) => t(`family.${family as "sd1"}`, { defaultValue: family });
  const lineOf = (one: PresetNeeds) => {
    const { plain, saving } = needsOf(one.needs);
    if (plain !== null && saving !== null) return t("preset.fromOr", { plain, saving });
    if (plain !== null) return t("preset.from", { memory: plain });
    return saving === null ? null : t("preset.fromSaving", { memory: saving });
  };
  const lines = preset.memory.length === 0 ? [] : known.flatMap((one) => {
    const line = lineOf(one);
    return line === null ? [] : [known.length > 1 ? t("preset.ofFamily", { family: familyOf(one.family), needs: line }) : line];
  });
  return (
    <label className={classes.card} data-checked={checked || undefined}>
      <input type="radio" name="preset" value={preset.name} checked={checked} onChange={() => onChoose(preset.name)} />
      {pictured && <Picture src={preset.picture} alt="" ratio={16 / 10} className={classes.cardPicture} />}
      <span className={classes.cardWords}>
        <strong>{title}</strong>
        <span>{who}</span>
        <span className={classes.marks}>
          <span>{t(`purpose.${preset.purpose as "style"}`, { defaultValue: preset.purpose })}</span>
          <span>{preset.families.map(familyOf).join(", ")}</span>
          {(lines.length === 0 || warn) && <span data-warn={warn || undefined}>{needs}</span>}
        </span>
        {lines.map((line) => <span key={line} className={classes.needs}>{line}</span>)}
      </span>
    </label>
  );
}

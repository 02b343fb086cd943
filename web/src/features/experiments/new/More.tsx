// Everything that most leave as it is: bases, samplers, size, steps, guidance; what a model is told; measuring.
import { MultiSelect, NumberInput, Switch, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/kinds";
import type { Model } from "@/api/types";
import { Fold } from "@/components/Fold";
import { SAMPLERS } from "@/features/experiments/asked/draft";
import type { PartProps } from "@/features/experiments/new/Choose";
import classes from "@/features/experiments/new/New.module.css";
import { MachineLabels } from "@/features/new-run/MachineLabels";
import { isNamed } from "@/features/new-run/steps/fit";

const PICTURES = [
  { key: "width", step: 8, min: 32, max: 2048, decimals: false },
  { key: "height", step: 8, min: 32, max: 2048, decimals: false },
  { key: "steps", step: 1, min: 1, max: 150, decimals: false },
  { key: "guidance", step: 0.5, min: 0, max: 50, decimals: true },
] as const;

export function More({ draft, chosen, models, onChange }: PartProps & { models: readonly Model[] }) {
  const { t } = useTranslation("experiments");
  const texts = chosen.kind === "texts";
  const nothing = draft.loras.length + draft.runs.length === 0;
  const able = models.filter((model) => model.available && (nothing || chosen.family === null ? model.family !== null : model.family === chosen.family));
  const usual = chosen.base ? [chosen.base.id] : [];
  const bases = (draft.bases ?? usual).flatMap((name) => able.find((model) => isNamed(model, name))?.id ?? []);
  return (
    <section aria-label={t("new.more")}>
      <Fold title={t("new.more")}>
        {() => (
          <div className={classes.more}>
            <div className={classes.fields}>
              <MultiSelect
                label={t("new.bases")} description={t("new.basesHelp")} value={bases} data={able.map((model) => ({ value: model.id, label: model.name }))} maxValues={10}
                onChange={(ids) => onChange({ bases: ids.length === 0 || (ids.length === 1 && ids[0] === usual[0] && !nothing) ? null : oneKind(ids, models) })}
              />
              {!texts && (
                <MultiSelect
                  label={t("new.samplers")} description={t("new.samplersHelp")} value={draft.samplers} data={SAMPLERS.map((value) => ({ value, label: t(`sampler.${value}`) }))} maxValues={5}
                  onChange={(names) => onChange({ samplers: names.length === 0 ? ["ddim"] : SAMPLERS.filter((one) => names.includes(one)) })}
                />
              )}
            </div>
            {!texts && (
              <div className={classes.fields}>
                {PICTURES.map(({ key, step, min, max, decimals }) => (
                  <NumberInput
                    key={key} label={t(`new.${key}`)} placeholder={key === "width" || key === "height" ? String(chosen.base?.resolution ?? t("new.asBase")) : t("new.asBase")}
                    value={draft[key] ?? ""} min={min} max={max} step={step} allowDecimal={decimals}
                    onChange={(value) => onChange({ [key]: typeof value === "number" ? value : null })}
                    onBlur={() => step === 8 && draft[key] !== null && onChange({ [key]: Math.min(max, Math.max(min, Math.round(draft[key] / 8) * 8)) })}
                  />
                ))}
              </div>
            )}
            {texts ? (
              <div className={classes.fields}>
                <Textarea label={t("new.system")} description={t("new.systemHelp")} autosize minRows={2} value={draft.system} onChange={(event) => onChange({ system: event.currentTarget.value })} />
                <NumberInput
                  label={t("new.maxTokens")} min={1} max={4096} value={draft.maxTokens} clampBehavior="strict" allowDecimal={false}
                  onChange={(value) => typeof value === "number" && onChange({ maxTokens: value })}
                />
              </div>
            ) : (
              <Textarea label={t("new.negative")} autosize minRows={1} value={draft.negative} onChange={(event) => onChange({ negative: event.currentTarget.value })} />
            )}
            <Switch label={t("new.measure")} description={t("new.measureHelp")} checked={draft.measure} onChange={(event) => onChange({ measure: event.currentTarget.checked })} />
            <MachineLabels chosen={draft.machines} onChoose={(machines) => onChange({ machines: [...machines] })} />
          </div>
        )}
      </Fold>
    </section>
  );
}

/** Pictures and texts cannot be compared: the newest choice says which of them it is. */
function oneKind(ids: readonly string[], models: readonly Model[]): string[] {
  const kind = (id: string | undefined) => kindOf(models.find((model) => model.id === id)?.family);
  return ids.filter((id) => kind(id) === kind(ids.at(-1)));
}

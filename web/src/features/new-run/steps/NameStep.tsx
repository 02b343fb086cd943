// The base model, the trigger word and the name.
import { Anchor, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Kind } from "@/api/kinds";
import type { Model, Preset } from "@/api/types";
import { ConfigField, ORDER } from "@/features/new-run/form/ConfigField";
import fieldClasses from "@/features/new-run/form/Form.module.css";
import type { Field, FieldGroup } from "@/features/new-run/form/schema";
import { useForm } from "@/features/new-run/form/useForm";
import { useProblemWords } from "@/features/new-run/form/words";
import { isNamed, suits } from "@/features/new-run/steps/fit";
import { PrepareBase } from "@/features/models/PrepareBase";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

interface Props {
  kind: Kind;
  groups: readonly FieldGroup[];
  models: readonly Model[];
  preset: Preset | undefined;
  /** What is taken while none is named. */
  base: Model | undefined;
  suggestion: string;
}

export function NameStep({ kind, groups, models, preset, base, suggestion }: Props) {
  const { t } = useTranslation("newRun");
  const fields = groups.flatMap((group) => group.fields);
  const field = (key: string) => fields.find((one) => one.key === key);
  const [model, trigger, name] = [field("base_model"), field("caption.trigger"), field("name")];
  return (
    <Step number={4} title={t("name.title")} help={t(kind === "texts" ? "name.helpTexts" : "name.help")}>
      <div className={classes.names}>
        {model && <Base field={model} models={models} preset={preset} base={base} />}
        {trigger && <ConfigField field={trigger} label={t("name.trigger")} placeholder={t("name.triggerHint")} />}
        {name && <ConfigField field={name} label={t("name.name")} placeholder={suggestion} />}
      </div>
    </Step>
  );
}

function Base({ field, models, preset, base }: { field: Field; models: readonly Model[]; preset: Preset | undefined; base: Model | undefined }) {
  const { t } = useTranslation("newRun");
  const form = useForm();
  const said = useProblemWords();
  const { value, changed, problem } = form.stateOf(field);
  const chosen = changed ? models.find((model) => isNamed(model, value)) : base;
  const misfit = preset !== undefined && chosen !== undefined && !suits(preset, chosen);
  const unready = problem?.kind === "base_not_prepared";
  const error = problem && !unready ? said(problem) : chosen === undefined ? t("name.noBase") : misfit ? t("name.misfit") : undefined;
  return (
    <div className={fieldClasses.field} data-changed={changed || undefined}>
      <Select
        label={t("name.base")} inputWrapperOrder={ORDER} description={t("name.baseHelp")} error={error} allowDeselect={false} searchable={models.length > 8} value={chosen?.id ?? null}
        data={models.map((model) => ({
          value: model.id,
          label: [model.name, t(`family.${model.family as "sd1"}`, { defaultValue: model.family ?? "" }), !model.available && t("name.gone")].filter(Boolean).join(" · "),
          disabled: !model.available,
        }))}
        onChange={(id) => id !== null && form.set("base_model", id)}
      />
      {chosen && <PrepareBase model={chosen} />}
      <Anchor component={Link} to="/models" size="sm">{t("name.addBase")}</Anchor>
    </div>
  );
}

// One setting: label, unit, sentence, value, what is wrong, and the way back to the preset's value.
import { ActionIcon, Select, Switch, Textarea, TextInput, Tooltip } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/new-run/form/Form.module.css";
import { same, type Value } from "@/features/new-run/form/nested";
import { textOf, valueOf } from "@/features/new-run/form/parse";
import type { Field } from "@/features/new-run/form/schema";
import { Sentence } from "@/features/new-run/form/Sentence";
import { type FieldState, type Form, useForm } from "@/features/new-run/form/useForm";
import { useFieldWords, useProblemWords } from "@/features/new-run/form/words";

/** The sentence stands below, so that the fields of a row are on one line. */
export const ORDER: ("label" | "input" | "error" | "description")[] = ["label", "input", "error", "description"];

interface Props {
  field: Field;
  /** Instead of the schema's label. */
  label?: string;
  placeholder?: string;
}

export function ConfigField(props: Props) {
  const { stateOf, set, reset } = useForm();
  return <Setting {...props} {...stateOf(props.field)} onSet={set} onReset={reset} />;
}

interface SettingProps extends Props, FieldState {
  onSet: Form["set"];
  onReset: Form["reset"];
}

/** Drawn anew only when something of it has changed: there are dozens. */
const Setting = memo(function Setting({ field, label, placeholder, value, usual, changed, problem, onSet, onReset }: SettingProps) {
  const { t } = useTranslation("newRun");
  const words = useFieldWords(field);
  const said = useProblemWords();
  const [typed, setTyped] = useState<string | null>(null);
  const set = (next: Value) => onSet(field.key, next);
  const name = label ?? words.label;
  const error = problem && said(problem);
  const usually = t("field.usual", { value: field.kind === "switch" ? t(usual ? "field.on" : "field.off") : textOf(usual) || t("field.empty") });

  const help = <Sentence text={words.help} />;
  const shared = {
    description: help,
    error,
    inputWrapperOrder: ORDER,
    label: <>{name}{words.unit && <span className={classes.unit}> {words.unit}</span>}</>,
  };
  const input = () => {
    switch (field.kind) {
      case "switch":
        return <Switch label={shared.label} description={help} error={error} checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
      case "choice":
        return (
          <Select
            {...shared} data={field.choices.map((value) => ({ value, label: words.choices[value] ?? value }))} value={typeof value === "string" ? value : null} clearable={field.nullable} allowDeselect={false}
            onChange={(next) => set(next)}
          />
        );
      default: {
        const parsed = typed === null ? undefined : valueOf(field.kind, typed, field.nullable);
        const text = typed !== null && same(parsed, value) ? typed : textOf(value);
        const props = {
          ...shared, value: text, placeholder: placeholder ?? (field.nullable ? t("field.empty") : undefined),
          onChange: (event: { currentTarget: { value: string } }) => {
            setTyped(event.currentTarget.value);
            set(valueOf(field.kind, event.currentTarget.value, field.nullable));
          },
        };
        if (field.kind === "lines") return <Textarea {...props} autosize minRows={2} maxRows={10} />;
        return <TextInput {...props} inputMode={field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : "text"} />;
      }
    }
  };

  return (
    <div className={classes.field} data-changed={changed || undefined}>
      {input()}
      {changed && (
        <Tooltip label={usually}>
          <ActionIcon className={classes.reset} variant="subtle" size="sm" aria-label={`${t("field.reset", { name })}. ${usually}`} onClick={() => onReset(field.key)}>
            <IconArrowBackUp size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
});

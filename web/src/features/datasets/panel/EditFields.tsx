// What the chosen edit asks for.
import { NumberInput, SegmentedControl, Switch, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Form } from "./edits";
import classes from "./Panel.module.css";

interface EditFieldsProps {
  form: Form;
  fill: (part: Partial<Form>) => void;
}

export function EditFields({ form, fill }: EditFieldsProps) {
  const { t } = useTranslation("datasets");
  switch (form.doing) {
    case "replace":
      return <ReplaceFields form={form} fill={fill} />;
    case "prefix":
    case "suffix":
    case "trigger":
      return <TextInput label={t(`edit.text.${form.doing}`)} description={t(`edit.help.${form.doing}`)} value={form.text} onChange={(event) => fill({ text: event.currentTarget.value })} />;
    case "set":
      return <Textarea label={t("edit.text.set")} description={t("edit.help.set")} autosize minRows={2} maxRows={6} value={form.text} onChange={(event) => fill({ text: event.currentTarget.value })} />;
    case "add_tags":
    case "remove_tags":
      return (
        <>
          <TextInput label={t("edit.tags")} description={t("edit.help.tags")} value={form.tags} onChange={(event) => fill({ tags: event.currentTarget.value })} />
          {form.doing === "add_tags" ? (
            <SegmentedControl
              aria-label={t("edit.where")} value={form.at} data={(["start", "end"] as const).map((value) => ({ value, label: t(`edit.at.${value}`) }))}
              onChange={(at) => fill({ at })}
            />
          ) : null}
        </>
      );
    case "hold_out":
      return <Switch label={t("edit.holdOut")} description={t("edit.help.hold_out")} checked={form.on} onChange={(event) => fill({ on: event.currentTarget.checked })} />;
    case "repeats":
      return (
        <NumberInput
          label={t("edit.times")} description={t("edit.help.repeats")} min={1} max={1000} allowDecimal={false} value={form.times}
          onChange={(times) => fill({ times: Number(times) })}
        />
      );
    default:
      return <p className={classes.note}>{t(`edit.help.${form.doing}`)}</p>;
  }
}

function ReplaceFields({ form, fill }: EditFieldsProps) {
  const { t } = useTranslation("datasets");
  return (
    <>
      <TextInput label={t("edit.find")} value={form.find} spellCheck={false} onChange={(event) => fill({ find: event.currentTarget.value })} />
      <TextInput
        label={t("edit.put")} value={form.put} spellCheck={false} description={form.mode === "regex" ? t("edit.help.regex") : undefined}
        onChange={(event) => fill({ put: event.currentTarget.value })}
      />
      <SegmentedControl
        aria-label={t("edit.how")} fullWidth size="xs" value={form.mode} data={(["plain", "whole", "regex"] as const).map((value) => ({ value, label: t(`edit.mode.${value}`) }))}
        onChange={(mode) => fill({ mode })}
      />
      {form.mode === "whole" ? null : <Switch label={t("edit.case")} checked={form.case} onChange={(event) => fill({ case: event.currentTarget.checked })} />}
    </>
  );
}

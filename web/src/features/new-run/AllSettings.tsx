// The settings that matter most, and all of them with a search; made from the schema.
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { BASIC, ELSEWHERE } from "@/features/new-run/form/basic";
import { ConfigField } from "@/features/new-run/form/ConfigField";
import classes from "@/features/new-run/form/Form.module.css";
import type { Field, FieldGroup } from "@/features/new-run/form/schema";
import { useForm } from "@/features/new-run/form/useForm";
import { useGroupWords } from "@/features/new-run/form/words";
import { Fold } from "@/components/Fold";

export function AllSettings({ groups }: { groups: readonly FieldGroup[] }) {
  const { t } = useTranslation("newRun");
  const form = useForm();
  const all = only(groups, (field) => !ELSEWHERE.has(field.key));
  const basic = only(groups, (field) => BASIC.has(field.key));
  const titled = (title: string, shown: readonly FieldGroup[]) => {
    const states = shown.flatMap((group) => group.fields).map((field) => form.stateOf(field));
    const changed = states.filter((state) => state.changed).length;
    const wrong = states.filter((state) => state.problem).length;
    return [title, changed > 0 && t("changed", { count: changed }), wrong > 0 && t("wrong", { count: wrong })].filter(Boolean).join(" · ");
  };
  return (
    <>
      <Fold title={titled(t("basic"), basic)}>{() => <Groups groups={basic} />}</Fold>
      <Fold title={titled(t("advanced"), all)}>{() => <Searched groups={all} />}</Fold>
    </>
  );
}

function only(groups: readonly FieldGroup[], wanted: (field: Field) => boolean): FieldGroup[] {
  return groups.map((group) => ({ ...group, fields: group.fields.filter(wanted) })).filter((group) => group.fields.length > 0);
}

function Searched({ groups }: { groups: readonly FieldGroup[] }) {
  const { t } = useTranslation("newRun");
  const [words, setWords] = useState("");
  const sought = useDeferredValue(words.trim().toLowerCase());
  const found = only(groups, (field) =>
    [field.key, field.en.label, field.en.help, field.zh.label, field.zh.help].some((text) => text.toLowerCase().includes(sought)),
  );
  return (
    <>
      <TextInput
        aria-label={t("find")} placeholder={t("find")} leftSection={<IconSearch size={16} />} maw={420} mb="sm" value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {found.length === 0 ? <p>{t("findNothing")}</p> : <Groups groups={found} />}
    </>
  );
}

function Groups({ groups }: { groups: readonly FieldGroup[] }) {
  const wordsOf = useGroupWords();
  return groups.map((group) => {
    const { label, help } = wordsOf(group);
    return (
      <div key={group.key} className={classes.group} role="group" aria-label={label}>
        <h3>{label}</h3>
        <p>{help.replace(/[.。]$/, "") === label ? "" : help}</p>
        <div className={classes.grid}>{group.fields.map((field) => <ConfigField key={field.key} field={field} />)}</div>
      </div>
    );
  });
}

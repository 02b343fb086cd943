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
import { Fold } from "@/features/runs/Fold";

export function AllSettings({ groups }: { groups: readonly FieldGroup[] }) {
  const { t } = useTranslation("newRun");
  const form = useForm();
  const shown = groups.flatMap((group) => group.fields).filter((field) => !ELSEWHERE.has(field.key));
  const basic = BASIC.flatMap((key) => shown.filter((field) => field.key === key));
  const titled = (title: string, fields: readonly Field[]) => {
    const changed = fields.filter((field) => form.stateOf(field).changed).length;
    const wrong = fields.filter((field) => form.stateOf(field).problem).length;
    return [title, changed > 0 && t("changed", { count: changed }), wrong > 0 && t("wrong", { count: wrong })].filter(Boolean).join(" · ");
  };
  return (
    <>
      <Fold title={titled(t("basic"), basic)}>
        {() => <div className={classes.grid}>{basic.map((field) => <ConfigField key={field.key} field={field} />)}</div>}
      </Fold>
      <Fold title={titled(t("advanced"), shown)}>{() => <Groups groups={groups} />}</Fold>
    </>
  );
}

function Groups({ groups }: { groups: readonly FieldGroup[] }) {
  const { t } = useTranslation("newRun");
  const wordsOf = useGroupWords();
  const [words, setWords] = useState("");
  const sought = useDeferredValue(words.trim().toLowerCase());
  const matches = (field: Field) =>
    !ELSEWHERE.has(field.key) && [field.key, field.en.label, field.en.help, field.zh.label, field.zh.help].some((text) => text.toLowerCase().includes(sought));
  const found = groups.map((group) => ({ ...group, fields: group.fields.filter(matches) })).filter((group) => group.fields.length > 0);
  return (
    <>
      <TextInput
        aria-label={t("find")} placeholder={t("find")} leftSection={<IconSearch size={16} />} maw={420} mb="sm" value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {found.length === 0 && <p>{t("findNothing")}</p>}
      {found.map((group) => {
        const { label, help } = wordsOf(group);
        return (
          <section key={group.key} className={classes.group} aria-label={label}>
            <h3>{label}</h3>
            <p>{help}</p>
            <div className={classes.grid}>{group.fields.map((field) => <ConfigField key={field.key} field={field} />)}</div>
          </section>
        );
      })}
    </>
  );
}

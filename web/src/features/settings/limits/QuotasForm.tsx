// The quotas in a table: every user, every team, and whoever has one of their own.
import { ActionIcon, Button, NativeSelect, NumberInput, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import type { Quota } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import section from "../Section.module.css";
import { draftOf, itemsOf, withOneMore } from "./quotas";
import classes from "./Limits.module.css";

interface Props {
  items: readonly Quota[];
  onSaved: (saved: { items: Quota[] }) => void;
}

export function QuotasForm({ items, onSaved }: Props) {
  const { t } = useTranslation(["settings", "common"]);
  const [draft, setDraft] = useState(() => draftOf(items));
  const save = useMutation({
    mutationFn: () => take(api.PUT("/api/settings/quotas", { body: { items: itemsOf(draft) } })),
    onSuccess: (saved) => {
      setDraft(draftOf(saved.items));
      onSaved(saved);
      announce(t("common:saved"));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const change = (at: number, quota: Quota) => setDraft({ ...draft, own: draft.own.with(at, quota) });
  return (
    <form className={section.form} onSubmit={submit}>
      <table className={classes.quotas}>
        <caption>
          {t("limits.quotas")} <small>{t("limits.quotasText")}</small>
        </caption>
        <thead>
          <tr>
            <th scope="col">{t("limits.who")}</th>
            <th scope="col">{t("limits.active")}</th>
            <th scope="col">{t("limits.queued")}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          <Row quota={draft.everyUser} name={t("limits.eachUser")} onChange={(everyUser) => setDraft({ ...draft, everyUser })} />
          <Row quota={draft.everyTeam} name={t("limits.eachTeam")} onChange={(everyTeam) => setDraft({ ...draft, everyTeam })} />
          {draft.own.map((quota, at) => {
            const name = quota.name || t("limits.nobody");
            return (
              <Row
                key={at} quota={quota} name={name} onChange={(changed) => change(at, changed)} who={<Who quota={quota} onChange={(changed) => change(at, changed)} />}
                remove={
                  <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("limits.removeOf", { name })} onClick={() => setDraft({ ...draft, own: draft.own.toSpliced(at, 1) })}>
                    <IconTrash size={18} />
                  </ActionIcon>
                }
              />
            );
          })}
        </tbody>
      </table>
      {save.isError ? <ErrorNote error={save.error} small /> : null}
      <div className={section.inline}>
        <Button variant="subtle" leftSection={<IconPlus size={16} />} onClick={() => setDraft(withOneMore(draft))}>
          {t("limits.add")}
        </Button>
        <Button type="submit" variant="default" loading={save.isPending}>
          {t("common:action.save")}
        </Button>
      </div>
    </form>
  );
}

interface RowProps {
  quota: Quota;
  name: string;
  onChange: (quota: Quota) => void;
  who?: ReactNode;
  remove?: ReactNode;
}

function Row({ quota, name, onChange, who, remove }: RowProps) {
  const { t } = useTranslation("settings");
  const count = (key: "most_active" | "most_queued", label: string) => (
    <NumberInput
      aria-label={label} min={0} max={1_000_000} allowDecimal={false} hideControls value={quota[key] ?? ""}
      onChange={(value) => onChange({ ...quota, [key]: value === "" ? null : Number(value) })}
    />
  );
  return (
    <tr>
      <th scope="row">{who ?? name}</th>
      <td>{count("most_active", t("limits.activeOf", { name }))}</td>
      <td>{count("most_queued", t("limits.queuedOf", { name }))}</td>
      <td>{remove}</td>
    </tr>
  );
}

function Who({ quota, onChange }: { quota: Quota; onChange: (quota: Quota) => void }) {
  const { t } = useTranslation("settings");
  const kinds = [{ value: "user", label: t("limits.user") }, { value: "team", label: t("limits.team") }];
  return (
    <div className={classes.who}>
      <NativeSelect
        aria-label={t("limits.kind")} data={kinds} value={quota.kind}
        onChange={(event) => onChange({ ...quota, kind: event.currentTarget.value === "team" ? "team" : "user" })}
      />
      <TextInput aria-label={t("limits.name")} placeholder={t("limits.name")} required maxLength={64} value={quota.name} onChange={(event) => onChange({ ...quota, name: event.currentTarget.value })} />
    </div>
  );
}

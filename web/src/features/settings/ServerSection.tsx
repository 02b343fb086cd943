// What the server does for everybody: whom it tells, what a new run begins with, and what pictures are looked through for.
import { Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery, presetsQuery, settingsQuery } from "@/api/queries";
import type { Settings } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Section } from "./Section";
import classes from "./Section.module.css";
import { useSettings } from "./useSettings";

export function ServerSection() {
  const { t } = useTranslation("settings");
  const settings = useQuery(settingsQuery);
  return (
    <Section title={t("server.title")} text={t("server.text")}>
      {settings.isError ? <ErrorNote error={settings.error} onRetry={() => void settings.refetch()} /> : null}
      {settings.data ? <ServerForm settings={settings.data} /> : null}
    </Section>
  );
}

function ServerForm({ settings }: { settings: Settings }) {
  const { t } = useTranslation(["settings", "common"]);
  const change = useSettings();
  const [changes, setChanges] = useState<Partial<Settings>>({});
  const draft = { ...settings, ...changes };
  const save = useMutation({
    mutationFn: () => change(changes),
    onSuccess: () => announce(t("common:saved")),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const set = (some: Partial<Settings>) => setChanges({ ...changes, ...some });
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        type="url"
        label={t("server.webhook")}
        description={t("server.webhookText")}
        placeholder="https://"
        value={draft.webhook_url}
        onChange={(event) => set({ webhook_url: event.currentTarget.value })}
      />
      <BaseModelSelect value={draft.default_base_model} onChange={(value) => set({ default_base_model: value })} />
      <PresetSelect value={draft.default_preset ?? ""} onChange={(value) => set({ default_preset: value || null })} />
      <Switch
        label={t("server.nsfw")}
        description={t("server.nsfwText")}
        checked={draft.nsfw_check}
        onChange={(event) => set({ nsfw_check: event.currentTarget.checked })}
      />
      {save.isError ? <ErrorNote error={save.error} small /> : null}
      <Button type="submit" variant="default" loading={save.isPending}>
        {t("common:action.save")}
      </Button>
    </form>
  );
}

interface SelectProps {
  value: string;
  onChange: (value: string) => void;
}

function BaseModelSelect({ value, onChange }: SelectProps) {
  const { t } = useTranslation("settings");
  const models = useQuery(modelsQuery);
  const data = (models.data?.items ?? []).map((model) => ({ value: model.embedded ? model.id : model.source, label: model.name }));
  const known = data.some((one) => one.value === value) ? data : [{ value, label: value }, ...data];
  return <NativeSelect label={t("server.base")} data={known} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}

function PresetSelect({ value, onChange }: SelectProps) {
  const { t, i18n } = useTranslation("settings");
  const presets = useQuery(presetsQuery);
  const data = (presets.data?.items ?? []).map((preset) => ({
    value: preset.name,
    label: i18n.language === "zh" ? preset.zh.title : preset.title,
  }));
  const all = [{ value: "", label: t("server.noPreset") }, ...data];
  return <NativeSelect label={t("server.preset")} data={all} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}

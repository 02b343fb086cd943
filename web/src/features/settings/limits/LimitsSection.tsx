// How long a run may take, who may push whom aside, and how much everybody may have at once.
import { Button, NumberInput, Switch } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { settingsQuery } from "@/api/queries";
import type { Settings } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Section } from "../Section";
import classes from "../Section.module.css";
import { useSettings } from "../useSettings";
import { QuotasForm } from "./QuotasForm";

const QUOTAS = ["quotas"] as const;

export function LimitsSection() {
  const { t } = useTranslation("settings");
  const settings = useQuery(settingsQuery);
  const quotas = useQuery({ queryKey: QUOTAS, queryFn: ({ signal }) => take(api.GET("/api/settings/quotas", { signal })) });
  const error = settings.error ?? quotas.error;
  const client = useQueryClient();
  return (
    <Section title={t("limits.title")} text={t("limits.text")}>
      {error ? <ErrorNote error={error} onRetry={() => void Promise.all([settings.refetch(), quotas.refetch()])} /> : null}
      {settings.data ? <LimitsForm settings={settings.data} /> : null}
      {quotas.data ? <QuotasForm items={quotas.data.items} onSaved={(saved) => client.setQueryData(QUOTAS, saved)} /> : null}
    </Section>
  );
}

function LimitsForm({ settings }: { settings: Settings }) {
  const { t } = useTranslation(["settings", "common"]);
  const [hours, setHours] = useState<number | string>(settings.most_run_hours ?? "");
  const [preempt, setPreempt] = useState(settings.preempt);
  const change = useSettings();
  const save = useMutation({
    mutationFn: () => change({ most_run_hours: hours === "" ? null : Number(hours), preempt }),
    onSuccess: () => announce(t("common:saved")),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <NumberInput label={t("limits.hours")} description={t("limits.hoursText")} min={0.1} max={10_000} value={hours} onChange={setHours} />
      <Switch label={t("limits.preempt")} description={t("limits.preemptText")} checked={preempt} onChange={(event) => setPreempt(event.currentTarget.checked)} />
      {save.isError ? <ErrorNote error={save.error} small /> : null}
      <Button type="submit" variant="default" loading={save.isPending}>
        {t("common:action.save")}
      </Button>
    </form>
  );
}

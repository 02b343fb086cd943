// How long what runs leave behind is kept, how much the cache may take, and what never goes.
import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { asApiError } from "@/api/errors";
import type { Lifecycle } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import { Section } from "../Section";
import classes from "../Section.module.css";
import { BOUNDS, draftOf, isWrong, type Key, KEYS, keptOf } from "./kept";

const KEPT = ["lifecycle"] as const;

export function KeptSection() {
  const { t } = useTranslation("settings");
  const kept = useQuery({ queryKey: KEPT, queryFn: ({ signal }) => take(api.GET("/api/settings/lifecycle", { signal })) });
  return (
    <Section title={t("kept.title")} text={t("kept.text")}>
      {kept.isError ? <ErrorNote error={kept.error} onRetry={() => void kept.refetch()} /> : null}
      {kept.data ? <KeptForm kept={kept.data} /> : null}
    </Section>
  );
}

function KeptForm({ kept }: { kept: Lifecycle }) {
  const { t } = useTranslation(["settings", "common"]);
  const { number } = useFormat();
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(kept));
  const save = useMutation({
    mutationFn: () => take(api.PUT("/api/settings/lifecycle", { body: keptOf(draft) })),
    onSuccess: (saved) => {
      setDraft(draftOf(saved));
      client.setQueryData(KEPT, saved);
      announce(t("common:saved"));
    },
  });
  const refused = new Set(save.isError ? asApiError(save.error).problems.map((problem) => problem.key) : []);
  const errorOf = (key: Key) => {
    if (!isWrong(key, draft[key]) && !refused.has(key)) return undefined;
    return t("kept.range", { least: number(BOUNDS[key].least), most: number(BOUNDS[key].most) });
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wrong = event.currentTarget.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (KEYS.some((key) => isWrong(key, draft[key]))) wrong?.focus();
    else save.mutate();
  };
  const change = (key: Key, value: number | string) => {
    setDraft((now) => ({ ...now, [key]: value }));
    if (save.isError) save.reset();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <p className={classes.text}>{t("kept.never")}</p>
      {KEYS.map((key) => (
        <NumberInput
          key={key} label={t(`kept.field.${key}`)} description={t(`kept.fieldText.${key}`)} min={BOUNDS[key].least} max={BOUNDS[key].most} allowNegative={false} clampBehavior="none"
          value={draft[key]} error={errorOf(key)} onChange={(value) => change(key, value)}
        />
      ))}
      {save.isError ? <ErrorNote error={save.error} small /> : null}
      <Button type="submit" variant="default" loading={save.isPending}>
        {t("common:action.save")}
      </Button>
    </form>
  );
}

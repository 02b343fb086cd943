// A base model that is on the server's disk, or known to the hub.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "./ModelsPage.module.css";

export function AddBySource() {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const [source, setSource] = useState("");
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () => take(api.POST("/api/models", { body: { source: source.trim(), name: name.trim() || null } })),
    onSuccess: (model) => {
      setSource("");
      setName("");
      announce(t("add.added", { name: model.name }));
      return client.invalidateQueries({ queryKey: keys.models });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        required
        label={t("add.source")}
        description={t("add.sourceText")}
        placeholder="stabilityai/stable-diffusion-xl-base-1.0"
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
      />
      <TextInput label={t("add.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" variant="default" loading={add.isPending}>
        {t("add.action")}
      </Button>
      {add.isError ? <ErrorNote error={add.error} small /> : null}
    </form>
  );
}

// Adds a user.
import { Button, Checkbox, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "./Section.module.css";
import { USERS } from "./usersKey";

const SHORTEST = 8;

export function NewUser({ first }: { first: boolean }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const create = useMutation({
    mutationFn: (body: { name: string; password: string; admin: boolean; team: string }) => take(api.POST("/api/users", { body })),
    onSuccess: (user) => {
      form.current?.reset();
      announce(t("users.created", { name: user.name }));
      void client.invalidateQueries({ queryKey: keys.session });
      return client.invalidateQueries({ queryKey: USERS });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    create.mutate({ name: String(data.get("name")).trim(), password: String(data.get("password")), admin: first || data.has("admin"), team: String(data.get("team") ?? "").trim() });
  };
  return (
    <form ref={form} className={classes.form} onSubmit={submit}>
      <div className={classes.inline}>
        <TextInput name="name" required label={t("users.name")} autoComplete="off" />
        <PasswordInput name="password" required minLength={SHORTEST} label={t("users.password")} autoComplete="new-password" />
      </div>
      {first ? null : <TextInput name="team" maxLength={64} label={t("users.team")} description={t("users.teamText")} autoComplete="off" />}
      {first ? null : <Checkbox name="admin" label={t("users.makeAdmin")} />}
      {create.isError ? <ErrorNote error={create.error} small /> : null}
      <Button type="submit" variant="default" loading={create.isPending}>
        {t("users.create")}
      </Button>
    </form>
  );
}

// The door of a server that has users.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { api, setCsrf, take } from "@/api/client";
import { keys, sessionQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { LanguageSwitch, SchemeSwitch } from "@/features/shell/Header";
import { Wordmark } from "@/features/shell/Wordmark";
import classes from "./LoginPage.module.css";

/** Only an address of this page may follow a login. */
function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}

export function Component() {
  const { t } = useTranslation("login");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();

  // The token that the login itself must carry.
  useEffect(() => void client.prefetchQuery(sessionQuery), [client]);

  const login = useMutation({
    mutationFn: (body: { name: string; password: string }) => take(api.POST("/api/session", { body })),
    onSuccess: (session) => {
      setCsrf(session.csrf);
      client.clear();
      client.setQueryData(keys.session, session);
      return navigate(safeNext(params.get("next")), { replace: true });
    },
  });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    login.mutate({ name: String(form.get("name")), password: String(form.get("password")) });
  };

  return (
    <main className={classes.page}>
      <title>{`${t("title")} · LoRA Loom`}</title>
      <div className={classes.switches}>
        <LanguageSwitch />
        <SchemeSwitch />
      </div>
      <form className={classes.card} onSubmit={submit}>
        <Wordmark />
        <h1 className={classes.title}>{t("title")}</h1>
        <TextInput name="name" label={t("name")} required autoComplete="username" />
        <PasswordInput name="password" label={t("password")} required autoComplete="current-password" />
        {login.isError ? <ErrorNote error={login.error} small /> : null}
        <Button type="submit" loading={login.isPending}>
          {t("action")}
        </Button>
        <p className={classes.help}>{t("help")}</p>
      </form>
    </main>
  );
}

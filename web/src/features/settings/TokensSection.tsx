// API tokens: for scripts that speak for one. A token is shown once.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import type { Token } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import { TimeAgo } from "@/components/Format";
import { Section } from "./Section";
import classes from "./Section.module.css";

const TOKENS = ["tokens"] as const;

export function TokensSection() {
  const { t } = useTranslation("settings");
  const tokens = useQuery({ queryKey: TOKENS, queryFn: ({ signal }) => take(api.GET("/api/tokens", { signal })) });
  return (
    <Section title={t("tokens.title")} text={t("tokens.text")}>
      {tokens.isError ? <ErrorNote error={tokens.error} onRetry={() => void tokens.refetch()} /> : null}
      {tokens.data?.items.length ? (
        <ul className={classes.rows}>
          {tokens.data.items.map((token) => (
            <Row key={token.id} token={token} />
          ))}
        </ul>
      ) : null}
      <NewToken />
    </Section>
  );
}

function Row({ token }: { token: Token }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const remove = async () => {
    await take(api.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: token.id } } }));
    await client.invalidateQueries({ queryKey: TOKENS });
  };
  return (
    <li className={classes.row}>
      <span className={classes.name}>
        {token.name}
        <small>
          {token.used_at ? (
            <>
              {t("tokens.used")} <TimeAgo time={token.used_at} />
            </>
          ) : (
            t("tokens.never")
          )}
        </small>
      </span>
      <ConfirmButton
        size="compact-sm"
        question={t("tokens.question")}
        consequence={t("tokens.consequence", { name: token.name })}
        onConfirm={remove}
      >
        {t("tokens.revoke")}
      </ConfirmButton>
    </li>
  );
}

function NewToken() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: () => take(api.POST("/api/tokens", { body: { name: name.trim() } })),
    onSuccess: () => {
      setName("");
      return client.invalidateQueries({ queryKey: TOKENS });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <>
      {create.data ? (
        <div role="status" style={{ width: "100%" }}>
          <p style={{ margin: "0 0 0.5rem" }}>{t("tokens.once")}</p>
          <div className={classes.secret}>
            <code>{create.data.token}</code>
            <CopyButton value={create.data.token} label={t("tokens.copy")} />
          </div>
        </div>
      ) : null}
      <form className={classes.inline} onSubmit={submit}>
        <TextInput required label={t("tokens.name")} placeholder={t("tokens.placeholder")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button type="submit" variant="default" loading={create.isPending}>
          {t("tokens.create")}
        </Button>
      </form>
      {create.isError ? <ErrorNote error={create.error} small /> : null}
    </>
  );
}

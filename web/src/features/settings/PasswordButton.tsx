// Sets a new password: one's own with the old one, another's as an administrator.
import { Button, Modal, PasswordInput, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { User } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";

export function PasswordButton({ user, mine }: { user: User; mine: boolean }) {
  const { t } = useTranslation(["settings", "common"]);
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        {t("users.setPassword")}
      </Button>
      <Modal opened={opened} onClose={close} centered title={t("users.passwordOf", { name: user.name })} closeButtonProps={{ "aria-label": t("common:action.close") }}>
        <PasswordForm user={user} mine={mine} onDone={close} />
      </Modal>
    </>
  );
}

function PasswordForm({ user, mine, onDone }: { user: User; mine: boolean; onDone: () => void }) {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { password: string; current: string | null }) =>
      take(api.PUT("/api/users/{user_id}/password", { params: { path: { user_id: user.id } }, body })),
    onSuccess: () => {
      announce(t("common:saved"));
      void client.invalidateQueries({ queryKey: keys.session });
      onDone();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    change.mutate({ password: String(data.get("password")), current: mine ? String(data.get("current")) : null });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {mine ? <PasswordInput name="current" required label={t("users.current")} autoComplete="current-password" /> : null}
        <PasswordInput name="password" required minLength={8} label={t("users.newPassword")} autoComplete="new-password" />
        {change.isError ? <ErrorNote error={change.error} small /> : null}
        <Button type="submit" loading={change.isPending}>
          {t("common:action.save")}
        </Button>
      </Stack>
    </form>
  );
}

// Puts a user into a team, with which a quota is shared.
import { Button, Modal, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import type { User } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { USERS } from "./usersKey";

export function TeamButton({ user }: { user: User }) {
  const { t } = useTranslation(["settings", "common"]);
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open} aria-label={t("users.setTeamOf", { name: user.name })}>
        {t("users.setTeam")}
      </Button>
      <Modal opened={opened} onClose={close} centered title={t("users.teamOf", { name: user.name })} closeButtonProps={{ "aria-label": t("common:action.close") }}>
        <TeamForm user={user} onDone={close} />
      </Modal>
    </>
  );
}

function TeamForm({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation(["settings", "common"]);
  const client = useQueryClient();
  const [team, setTeam] = useState(user.team);
  const change = useMutation({
    mutationFn: () => take(api.PATCH("/api/users/{user_id}", { params: { path: { user_id: user.id } }, body: { team: team.trim() } })),
    onSuccess: () => {
      announce(t("common:saved"));
      onDone();
      return client.invalidateQueries({ queryKey: USERS });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput label={t("users.team")} description={t("users.teamText")} maxLength={64} data-autofocus value={team} onChange={(event) => setTeam(event.currentTarget.value)} />
        {change.isError ? <ErrorNote error={change.error} small /> : null}
        <Button type="submit" loading={change.isPending}>
          {t("common:action.save")}
        </Button>
      </Stack>
    </form>
  );
}

// Who may log in. The first user closes the door: from then on everybody logs in.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import type { User } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ErrorNote } from "@/components/ErrorNote";
import { TimeAgo } from "@/components/Format";
import { NewUser } from "./NewUser";
import { PasswordButton } from "./PasswordButton";
import { Section } from "./Section";
import classes from "./Section.module.css";
import { TeamButton } from "./TeamButton";
import { USERS } from "./usersKey";

/** `open`: nobody has to log in yet, and `me` is everybody. */
export function UsersSection({ me, open }: { me: User; open: boolean }) {
  const { t } = useTranslation("settings");
  const users = useQuery({ queryKey: USERS, queryFn: ({ signal }) => take(api.GET("/api/users", { signal })) });
  return (
    <Section title={t("users.title")} text={open ? t("users.open") : t("users.text")}>
      {users.isError ? <ErrorNote error={users.error} onRetry={() => void users.refetch()} /> : null}
      {users.data?.items.length ? (
        <ul className={classes.rows}>
          {users.data.items.map((user) => (
            <Row key={user.id} user={user} mine={user.id === me.id} />
          ))}
        </ul>
      ) : null}
      <NewUser first={open} />
    </Section>
  );
}

function Row({ user, mine }: { user: User; mine: boolean }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const remove = async () => {
    await take(api.DELETE("/api/users/{user_id}", { params: { path: { user_id: user.id } } }));
    await client.invalidateQueries({ queryKey: USERS });
  };
  return (
    <li className={classes.row}>
      <span className={classes.name}>
        {user.name}
        <small>
          {user.admin ? t("users.admin") : t("users.member")}{user.team ? ` · ${t("users.inTeam", { team: user.team })}` : null} · <TimeAgo time={user.created_at} />
        </small>
      </span>
      <TeamButton user={user} />
      <PasswordButton user={user} mine={mine} />
      {mine ? null : (
        <ConfirmButton
          size="compact-sm"
          question={t("users.question")}
          consequence={t("users.consequence", { name: user.name })}
          onConfirm={remove}
        >
          {t("users.delete")}
        </ConfirmButton>
      )}
    </li>
  );
}

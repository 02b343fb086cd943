// Wildcards: names that stand for a line of many, written here, saved as one writes.
import { ActionIcon, Button, Modal, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { drawingKeys, wildcardsQuery } from "@/features/playground/queries";
import { Lines } from "./Lines";
import { isName, nameFrom } from "./names";
import { putWildcard } from "./put";
import classes from "./Wildcards.module.css";

interface Props {
  onClose: () => void;
  onInsert: (name: string) => void;
}

export function WildcardsDialog({ onClose, onInsert }: Props) {
  const { t } = useTranslation(["playground", "common"]);
  const client = useQueryClient();
  const query = useQuery(wildcardsQuery);
  const [picked, setPicked] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const changed = () => client.invalidateQueries({ queryKey: drawingKeys.wildcards });
  const create = useMutation({
    mutationFn: (name: string) => putWildcard(name, []),
    onSuccess: async ({ name }) => {
      await changed();
      setTyped("");
      setPicked(name);
    },
  });
  const remove = useMutation({
    mutationFn: (name: string) => take(api.DELETE("/api/wildcards/{name}", { params: { path: { name } } })),
    onSuccess: changed,
  });
  const all = query.data?.items ?? [];
  const chosen = all.find((one) => one.name === picked) ?? all[0];
  const name = nameFrom(typed);
  const taken = all.some((one) => one.name === name);
  return (
    <Modal opened onClose={onClose} size="lg" title={t("wildcards.title")} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <p className={classes.help}>{t("wildcards.help")}</p>
      {query.error ? <ErrorNote error={query.error} small onRetry={() => void query.refetch()} /> : null}
      {query.isPending ? <Waiting label={t("wildcards.loading")} /> : null}
      {query.data ? (
        <div className={classes.two}>
          <div className={classes.names}>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                if (isName(name) && !taken) create.mutate(name);
              }}
            >
              <TextInput
                size="xs" aria-label={t("wildcards.new")} placeholder={t("wildcards.new")} value={typed} error={taken ? t("wildcards.taken") : undefined} onChange={(event) => setTyped(event.currentTarget.value)}
                rightSection={<ActionIcon type="submit" size="sm" variant="subtle" aria-label={t("common:action.create")} loading={create.isPending} disabled={!isName(name) || taken}><IconPlus size={14} /></ActionIcon>}
              />
            </form>
            <ul>
              {all.map((one) => (
                <li key={one.name} data-on={one.name === chosen?.name || undefined}>
                  <button type="button" aria-current={one.name === chosen?.name || undefined} onClick={() => setPicked(one.name)}>{one.name}</button>
                  <small>{one.lines.length}</small>
                </li>
              ))}
            </ul>
            {create.isError ? <ErrorNote error={create.error} small /> : null}
            {remove.isError ? <ErrorNote error={remove.error} small /> : null}
          </div>
          {chosen ? (
            <div className={classes.one}>
              <Lines key={chosen.name} wildcard={chosen} onSaved={() => void changed()} />
              <div className={classes.foot}>
                <Button variant="subtle" size="compact-sm" color="gray" leftSection={<IconTrash size={14} aria-hidden="true" />} loading={remove.isPending} onClick={() => remove.mutate(chosen.name)}>
                  {t("wildcards.delete")}
                </Button>
                <Button size="compact-sm" variant="default" onClick={() => onInsert(chosen.name)}>{t("wildcards.insert", { name: `__${chosen.name}__` })}</Button>
              </div>
            </div>
          ) : (
            <p className={classes.help}>{t("wildcards.none")}</p>
          )}
        </div>
      ) : null}
    </Modal>
  );
}

// The name of a data set, changed where it stands.
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { IconPencil } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { useErrorWords } from "@/components/errorWords";
import { asApiError } from "@/api/errors";
import classes from "./DatasetPage.module.css";

export function RenameHeading({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const [editing, setEditing] = useState(false);
  if (editing) return <RenameForm dataset={dataset} onClose={() => setEditing(false)} />;
  return (
    <div className={classes.heading}>
      <h1 className={classes.name}>{dataset.name}</h1>
      <ActionIcon variant="subtle" color="gray" aria-label={t("rename")} title={t("rename")} onClick={() => setEditing(true)}>
        <IconPencil size={17} stroke={1.6} />
      </ActionIcon>
    </div>
  );
}

function RenameForm({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const client = useQueryClient();
  const [name, setName] = useState(dataset.name);
  const rename = useMutation({
    mutationFn: () =>
      take(api.PATCH("/api/datasets/{dataset_id}", { params: { path: { dataset_id: dataset.id } }, body: { name: name.trim() } })),
    onSuccess: (changed) => {
      client.setQueryData(keys.dataset(dataset.id), changed);
      void client.invalidateQueries({ queryKey: keys.datasets });
      onClose();
    },
  });
  const words = useErrorWords(asApiError(rename.error));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && name.trim() !== dataset.name) rename.mutate();
    else onClose();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        style={{ flex: "1 1 14rem" }}
        aria-label={t("name")}
        value={name}
        data-autofocus
        ref={(input) => input?.focus()}
        error={rename.isError ? `${words.title}. ${words.hint}` : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
      />
      <Button type="submit" loading={rename.isPending}>
        {t("common:action.save")}
      </Button>
      <Button variant="default" onClick={onClose}>
        {t("common:action.cancel")}
      </Button>
    </form>
  );
}

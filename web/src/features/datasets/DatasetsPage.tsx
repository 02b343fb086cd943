// All data sets, each as a contact sheet or a sheet of writing.
import { Button, Group, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { datasetsQuery } from "@/api/queries";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Waiting } from "@/components/Waiting";
import { DatasetTile } from "./DatasetTile";
import classes from "./DatasetsPage.module.css";
import { useNewDataset } from "./useNewDataset";

const MANY = 6;

export function Component() {
  const { t } = useTranslation("datasets");
  const { data, isError, error, refetch } = useQuery(datasetsQuery);
  const create = useNewDataset();
  const [search, setSearch] = useState("");
  const all = data?.items ?? [];
  const shown = all.filter((dataset) => dataset.name.toLowerCase().includes(search.trim().toLowerCase()));
  const button = (
    <Group gap="xs">
      <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => create.mutate({ kind: "images" })} disabled={create.isPending}>
        {t("new")}
      </Button>
      <Button variant="default" leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => create.mutate({ kind: "texts" })} disabled={create.isPending}>
        {t("newTexts")}
      </Button>
    </Group>
  );
  return (
    <Page title={t("title")} actions={all.length ? button : undefined} wide>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {create.isError ? <ErrorNote error={create.error} /> : null}
      {!data && !isError ? <Waiting /> : null}
      {data && !all.length ? (
        <EmptyState title={t("empty.title")} action={button}>
          {t("empty.text")}
        </EmptyState>
      ) : null}
      {all.length > MANY ? (
        <TextInput
          className={classes.search}
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          aria-label={t("search")}
          placeholder={t("search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      ) : null}
      {all.length && !shown.length ? <p className={classes.none}>{t("noMatch")}</p> : null}
      <ul className={classes.tiles}>
        {shown.map((dataset) => (
          <li key={dataset.id}>
            <DatasetTile dataset={dataset} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

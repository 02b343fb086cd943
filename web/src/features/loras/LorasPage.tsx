// The gallery of what runs have made.
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { LoraCard } from "@/features/loras/LoraCard";
import classes from "@/features/loras/Loras.module.css";
import { lorasQuery } from "@/features/loras/queries";

export function Component() {
  const { t } = useTranslation("loras");
  const [search, setSearch] = useState("");
  const sought = useDebouncedCallback((words: string) => setSearch(words.trim()), 300);
  const query = useInfiniteQuery(lorasQuery(search));
  const loras = query.data?.pages.flatMap((page) => page.items);
  return (
    <Page title={t("title")} lead={t("lead")} wide>
      {(search !== "" || loras?.length !== 0) && (
        <TextInput
          type="search" aria-label={t("search")} placeholder={t("search")} leftSection={<IconSearch size={16} />} maw={440} mb="lg"
          onChange={(event) => sought(event.currentTarget.value)}
        />
      )}
      {query.error && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {loras?.length === 0 && search === "" && (
        <EmptyState title={t("none")} action={<Button component={Link} to="/runs/new">{t("new")}</Button>}>{t("noneText")}</EmptyState>
      )}
      {loras?.length === 0 && search !== "" && <EmptyState title={t("noMatch")}>{t("noMatchText")}</EmptyState>}
      <ul className={classes.gallery} aria-busy={query.isPending}>
        {query.isPending && Array.from({ length: 8 }, (_, i) => <li key={i}><Skeleton className={classes.waiting} radius="md" /></li>)}
        {loras?.map((lora) => <li key={lora.id}><LoraCard lora={lora} /></li>)}
      </ul>
      {query.hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>
        </div>
      )}
    </Page>
  );
}

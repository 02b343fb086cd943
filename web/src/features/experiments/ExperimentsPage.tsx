// All comparisons: what is drawn now, what was found before.
import { Button, Skeleton, TextInput } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { ExperimentCard } from "@/features/experiments/list/ExperimentCard";
import classes from "@/features/experiments/list/List.module.css";
import { experimentsQuery } from "@/features/experiments/queries";

export function Component() {
  const { t } = useTranslation("experiments");
  const [words, setWords] = useState("");
  const sought = useDeferredValue(words.trim().toLowerCase());
  const query = useInfiniteQuery(experimentsQuery);
  const all = query.data?.pages.flatMap((page) => page.items);
  const found = all?.filter(({ run }) => `${run.name}\n${run.notes}`.toLowerCase().includes(sought));
  const start = <Button component={Link} to="/experiments/new" leftSection={<IconPlus size={16} />}>{t("list.new")}</Button>;
  return (
    <Page wide title={t("title")} lead={t("list.lead")} actions={all?.length === 0 ? null : start}>
      {all !== undefined && all.length > 0 && (
        <TextInput
          type="search" aria-label={t("list.search")} placeholder={t("list.search")} leftSection={<IconSearch size={16} />} maw={440} mb="lg" value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      {query.error && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {all?.length === 0 && <EmptyState title={t("list.none")} action={start}>{t("list.noneText")}</EmptyState>}
      {found?.length === 0 && all?.length !== 0 && <EmptyState title={t("list.noMatch")}>{t("list.noMatchText")}</EmptyState>}
      <ul className={classes.list} aria-busy={query.isPending}>
        {query.isPending && Array.from({ length: 6 }, (_, n) => <li key={n}><Skeleton className={classes.blank} radius="md" /></li>)}
        {found?.map((one) => <li key={one.run.id}><ExperimentCard experiment={one} /></li>)}
      </ul>
      {query.hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("list.more")}</Button>
        </div>
      )}
    </Page>
  );
}

// The gallery of what runs have made, and of what was made elsewhere.
import { Button, Select, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { LoraCard } from "@/features/loras/LoraCard";
import { LoraUpload } from "@/features/loras/LoraUpload";
import classes from "@/features/loras/Loras.module.css";
import { useFamilyWords } from "@/features/loras/useFamilyWords";
import { useGallery } from "@/features/loras/useGallery";
import { standing } from "@/features/publish/draft";
import { publicationsQuery } from "@/features/publish/queries";

export function Component() {
  const { t } = useTranslation("loras");
  const [search, setSearch] = useState("");
  const [family, setFamily] = useState<string | null>(null);
  const sought = useDebouncedCallback((words: string) => setSearch(words.trim()), 300);
  const familyWords = useFamilyWords();
  const { query, loras, families } = useGallery(search, family);
  const published = useQuery(publicationsQuery()).data?.items ?? [];
  const narrow = search !== "" || family !== null;
  const empty = loras?.length === 0;
  return (
    <Page title={t("title")} lead={t("lead")} wide>
      {(narrow || !empty) && (
        <div className={classes.filters}>
          <TextInput
            type="search" aria-label={t("search")} placeholder={t("search")} leftSection={<IconSearch size={16} />}
            onChange={(event) => sought(event.currentTarget.value)}
          />
          {(families.length > 1 || family !== null) && (
            <Select
              aria-label={t("filter")} placeholder={t("allKinds")} clearable value={family} onChange={setFamily}
              data={families.map((one) => ({ value: one, label: familyWords(one) }))}
            />
          )}
        </div>
      )}
      <LoraUpload />
      {query.error && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {empty && !narrow && (
        <EmptyState title={t("none")} action={<Button component={Link} to="/runs/new">{t("new")}</Button>}>{t("noneText")}</EmptyState>
      )}
      {empty && narrow && <EmptyState title={t("noMatch")}>{t("noMatchText")}</EmptyState>}
      <ul className={classes.gallery} aria-busy={query.isPending}>
        {query.isPending && Array.from({ length: 8 }, (_, i) => <li key={i}><Skeleton className={classes.waiting} radius="md" /></li>)}
        {loras?.map((lora) => (
          <li key={lora.id}><LoraCard lora={lora} version={standing(published).find((one) => one.lora === lora.id)?.version} /></li>
        ))}
      </ul>
      {query.hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>
        </div>
      )}
    </Page>
  );
}

// The gallery to choose from; what needs another base than the first one chosen cannot be taken too.
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import { ErrorNote } from "@/components/ErrorNote";
import { Picture } from "@/components/Picture";
import { TextSheet } from "@/features/datasets/Cover";
import { toggled } from "@/features/experiments/asked/draft";
import type { PartProps } from "@/features/experiments/new/Choose";
import classes from "@/features/experiments/new/New.module.css";
import { lorasQuery } from "@/features/loras/queries";

const MANY = 8;

export function LoraChoices({ draft, chosen, onChange }: PartProps) {
  const { t } = useTranslation("experiments");
  const [search, setSearch] = useState("");
  const sought = useDebouncedCallback((words: string) => setSearch(words.trim()), 300);
  const query = useInfiniteQuery(lorasQuery(search));
  const loras = query.data?.pages.flatMap((page) => page.items);
  const any = draft.loras.length + draft.runs.length > 0;
  if (query.error) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  if (loras?.length === 0 && search === "") return <p className={classes.soft}>{t("new.noLoras")} <Link to="/runs/new">{t("new.train")}</Link></p>;
  return (
    <>
      {(search !== "" || (loras?.length ?? 0) > MANY) && (
        <TextInput
          type="search" aria-label={t("new.findLora")} placeholder={t("new.findLora")} leftSection={<IconSearch size={16} />} maw={400} mb="md"
          onChange={(event) => sought(event.currentTarget.value)}
        />
      )}
      {loras?.length === 0 && <p className={classes.soft}>{t("new.noneFound")}</p>}
      <ul className={classes.tiles} aria-label={t("new.fromWhere.loras")} aria-busy={query.isPending}>
        {query.isPending && Array.from({ length: 6 }, (_, n) => <li key={n}><Skeleton className={classes.blank} radius="md" /></li>)}
        {loras?.map((lora) => {
          const on = draft.loras.includes(lora.id);
          const misfit = !on && any && chosen.family !== null && lora.family !== chosen.family;
          return (
            <li key={lora.id}>
              <label className={classes.tile} data-checked={on || undefined} data-misfit={misfit || undefined} title={misfit ? t("new.misfit") : undefined}>
                <input type="checkbox" checked={on} disabled={misfit} onChange={() => onChange({ loras: toggled(draft.loras, lora.id) })} />
                {kindOf(lora.family) === "texts" ? <TextSheet small /> : <Picture src={lora.preview} alt="" />}
                <strong>{lora.name}</strong>
                <span>{misfit ? t("new.misfit") : lora.base_model}</span>
              </label>
            </li>
          );
        })}
      </ul>
      {query.hasNextPage && <Button variant="default" mt="md" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("list.more")}</Button>}
    </>
  );
}

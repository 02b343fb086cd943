// Trainings to choose from, those that still go too: their LoRA, single checkpoints, or all of them.
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { StateBadge } from "@/components/StateBadge";
import { Checkpoints } from "@/features/experiments/new/Checkpoints";
import type { PartProps } from "@/features/experiments/new/Choose";
import classes from "@/features/experiments/new/New.module.css";
import { trainingsQuery } from "@/features/experiments/queries";
import { RunCover } from "@/features/runs/RunCover";

export function RunChoices({ draft, chosen, onChange }: PartProps) {
  const { t } = useTranslation("experiments");
  const [search, setSearch] = useState("");
  const sought = useDebouncedCallback((words: string) => setSearch(words.trim()), 300);
  const query = useInfiniteQuery(trainingsQuery(search));
  const listed = query.data?.pages.flatMap((page) => page.items).filter((run) => run.step > 0 || run.lora) ?? [];
  const picked = [...new Set(draft.runs.map((one) => one.id))];
  /** What the address named stands first, wherever it is in the list. */
  const runs = [...picked.flatMap((id) => (listed.some((run) => run.id === id) ? [] : (chosen.runs.get(id) ?? []))), ...listed];
  const any = draft.loras.length + draft.runs.length > 0;
  if (query.error) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <TextInput
        type="search" aria-label={t("new.findRun")} placeholder={t("new.findRun")} leftSection={<IconSearch size={16} />} maw={400} mb="md"
        onChange={(event) => sought(event.currentTarget.value)}
      />
      {query.isPending && <Skeleton height={140} />}
      {!query.isPending && runs.length === 0 && <p className={classes.soft}>{t(search === "" ? "new.noRuns" : "new.noneFound")}</p>}
      <ul className={classes.runs}>
        {runs.map((run) => {
          const on = picked.includes(run.id);
          const misfit = !on && any && chosen.family !== null && run.family !== chosen.family;
          return (
            <li key={run.id} data-checked={on || undefined}>
              <div className={classes.runCover}><RunCover run={run} /></div>
              <div className={classes.runWords}>
                <strong>{run.name}</strong> <StateBadge state={run.state} />
                {misfit ? <p className={classes.soft}>{t("new.misfit")}</p> : <Checkpoints run={run} open={on} draft={draft} onChange={onChange} />}
              </div>
            </li>
          );
        })}
      </ul>
      {query.hasNextPage && <Button variant="default" mt="md" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("list.more")}</Button>}
    </>
  );
}

// Every run, newest first, as narrow as the filters say.
import { Button, Skeleton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { FilterBar } from "@/features/runs/list/FilterBar";
import classes from "@/features/runs/list/History.module.css";
import { Row } from "@/features/runs/list/Row";
import { useFilters, useHistory } from "@/features/runs/list/useHistory";

export function History() {
  const { t } = useTranslation("runs");
  const { filters, filtered, set, clear } = useFilters();
  const [cleared, setCleared] = useState(0);
  const history = useHistory(filters);
  const startOver = () => {
    clear();
    setCleared(cleared + 1);
  };
  const runs = history.data?.pages.flatMap((page) => page.items);
  return (
    <section aria-labelledby="history">
      <h2 id="history" className={classes.title} hidden={runs?.length === 0 && !filtered}>{t("list.history")}</h2>
      {(filtered || runs?.length !== 0) && <FilterBar key={cleared} filters={filters} runs={runs ?? []} onChange={set} />}
      {history.error && <ErrorNote error={history.error} onRetry={() => void history.refetch()} />}
      {history.isPending && Array.from({ length: 5 }, (_, i) => <Skeleton key={i} height={72} mb={8} />)}
      {runs?.length === 0 && filtered && (
        <EmptyState title={t("list.noMatch")} action={<Button variant="default" onClick={startOver}>{t("list.clear")}</Button>}>
          {t("list.noMatchText")}
        </EmptyState>
      )}
      {runs?.length === 0 && !filtered && (
        <EmptyState title={t("list.none")} action={<Button component={Link} to="/runs/new">{t("list.new")}</Button>}>
          {t("list.noneText")}
        </EmptyState>
      )}
      {runs !== undefined && runs.length > 0 && (
        <table className={classes.table} aria-busy={history.isPlaceholderData}>
          <thead>
            <tr>
              {(["name", "state", "loss", "steps", "dataset", "when"] as const).map((column) => (
                <th key={column} scope="col">{t(`list.columns.${column}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody>{runs.map((run) => <Row key={run.id} run={run} onTag={(tag) => set("tag", tag)} />)}</tbody>
        </table>
      )}
      {history.hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>{t("list.more")}</Button>
        </div>
      )}
    </section>
  );
}

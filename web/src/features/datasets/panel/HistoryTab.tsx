// Everything that was done to the set, the newest first, each with its ways back.
import { Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { TimeAgo } from "@/components/Format";
import type { Change } from "../api";
import { useEditor } from "../editor/useEditor";
import { RestoreDialog } from "../history/RestoreDialog";
import { changesQuery } from "../queries";
import classes from "./Panel.module.css";
import { useChangeWords } from "./useChangeWords";

const Compare = lazy(() => import("../history/Compare").then((file) => ({ default: file.Compare })));

export function HistoryTab() {
  const { t } = useTranslation("datasets");
  const { dataset } = useEditor();
  const { data, isError, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(changesQuery(dataset.id));
  const [compared, setCompared] = useState<number | null>(null);
  const [restored, setRestored] = useState<number | null>(null);
  const changes = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      {isError ? <ErrorNote error={error} small onRetry={() => void refetch()} /> : null}
      {data && !changes.length ? <p className={classes.note}>{t("history.none")}</p> : null}
      <ol className={classes.history}>
        {changes.map((change, at) => (
          <Row key={change.number} change={change} newest={at === 0} known={changes} onCompare={setCompared} onRestore={setRestored} />
        ))}
      </ol>
      {hasNextPage ? (
        <Button variant="default" size="compact-sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("history.older")}
        </Button>
      ) : null}
      {compared !== null ? (
        <Suspense>
          <Compare version={compared} onClose={() => setCompared(null)} onRestore={setRestored} />
        </Suspense>
      ) : null}
      {restored !== null ? <RestoreDialog version={restored} onClose={() => setRestored(null)} /> : null}
    </>
  );
}

interface RowProps {
  change: Change;
  newest: boolean;
  known: readonly Change[];
  onCompare: (version: number) => void;
  onRestore: (version: number) => void;
}

function Row({ change, newest, known, onCompare, onRestore }: RowProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const { undo, readOnly } = useEditor();
  const words = useChangeWords();
  const { number, undone } = change;
  return (
    <li data-undone={undone || undefined}>
      <p className={classes.finding}>{words.said(change, known)}</p>
      <p className={classes.note}>
        {t("pictures", { count: change.count })} · {words.by(change.by)} · <TimeAgo time={change.created_at} />
        {undone ? ` · ${t("history.wasUndone")}` : ""}
      </p>
      <div className={classes.ways}>
        {readOnly || undone ? null : (
          <Button variant="default" size="compact-xs" disabled={undo.isPending} onClick={() => undo.mutate(number)}>
            {t(change.kind === "undo" ? "history.redo" : "common:action.undo")}
          </Button>
        )}
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <Button variant="subtle" color="gray" size="compact-xs" aria-label={t("history.more", { number })}>
              <IconDots size={15} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => onCompare(number - 1)}>{t("history.compareBefore")}</Menu.Item>
            {newest ? null : <Menu.Item onClick={() => onCompare(number)}>{t("history.compareAfter")}</Menu.Item>}
            {readOnly || newest ? null : <Menu.Item onClick={() => onRestore(number)}>{t("history.restore")}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      </div>
    </li>
  );
}

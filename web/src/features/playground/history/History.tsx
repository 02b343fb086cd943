// What was kept, the newest first: a click brings back the picture and all that made it.
import { Button, Group, Modal } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { drawingKeys, drawingsQuery } from "@/features/playground/queries";
import type { Play } from "@/features/playground/state/play";
import type { Drawing } from "@/features/playground/types";
import { useShown } from "@/features/playground/usePlay";
import classes from "./History.module.css";
import { Kept } from "./Kept";

interface Props {
  play: Play;
  beside: Drawing | null;
  onBeside: (drawing: Drawing | null) => void;
}

export function History({ play, beside, onBeside }: Props) {
  const { t } = useTranslation("playground");
  const query = useInfiniteQuery(drawingsQuery);
  const current = useShown(play)?.kept ?? null;
  const [doomed, setDoomed] = useState<Drawing | null>(null);
  const drawings = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={classes.history} aria-labelledby="playground-history">
      <h2 id="playground-history">{t("history.title")}</h2>
      {query.error ? <ErrorNote error={query.error} small onRetry={() => void query.refetch()} /> : null}
      {query.data && drawings.length === 0 ? <p className={classes.soft}>{t("history.none")}</p> : null}
      <ul className={classes.strip} aria-busy={query.isPending}>
        {query.isPending ? Array.from({ length: 6 }, (_, at) => <li key={at} className={classes.blank} />) : null}
        {drawings.map((drawing) => (
          <Kept
            key={drawing.id} drawing={drawing} current={drawing.id === current} beside={drawing.id === beside?.id}
            onTake={() => {
              if (drawing.id === beside?.id) onBeside(null);
              play.restore(drawing);
            }}
            onBeside={() => onBeside(drawing.id === beside?.id ? null : drawing)}
            onDelete={() => setDoomed(drawing)}
          />
        ))}
        {query.hasNextPage ? (
          <li><Button variant="default" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("history.more")}</Button></li>
        ) : null}
      </ul>
      {doomed ? (
        <Delete
          drawing={doomed} onClose={() => setDoomed(null)}
          onDeleted={() => {
            if (beside?.id === doomed.id) onBeside(null);
            play.tell({ do: "forgotten", id: doomed.id });
            setDoomed(null);
          }}
        />
      ) : null}
    </section>
  );
}

function Delete({ drawing, onClose, onDeleted }: { drawing: Drawing; onClose: () => void; onDeleted: () => void }) {
  const { t } = useTranslation(["playground", "common"]);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/api/drawings/{drawing_id}", { params: { path: { drawing_id: drawing.id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: drawingKeys.drawings });
      announce(t("history.deleted"));
      onDeleted();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("history.deleteQuestion")} centered closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <p className={classes.question}>{t("history.deleteConsequence")}</p>
      {remove.isError ? <ErrorNote error={remove.error} small /> : null}
      <Group justify="flex-end">
        <Button variant="default" data-autofocus onClick={onClose}>{t("common:action.cancel")}</Button>
        <Button loading={remove.isPending} onClick={() => remove.mutate()}>{t("common:action.delete")}</Button>
      </Group>
    </Modal>
  );
}

// Changes to many pictures, undo and restore: done, said once, and everything that shows the set read again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys, sessionQuery } from "@/api/queries";
import { announce } from "@/components/announce";
import { type Done, type Edits, editImages, listChanges, restoreVersion, type Undone, undoChange } from "./api";
import { lastOf } from "./history/last";
import { useDrafts } from "./useCaption";

export function useRefresh(dataset: string): () => void {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: keys.dataset(dataset) });
    void client.invalidateQueries({ queryKey: keys.datasets });
  };
}


/** Changes among which the last one is looked for. */
const LOOKED_AT = 100;

export function useEdits(dataset: string) {
  const { t } = useTranslation("datasets");
  const client = useQueryClient();
  const refresh = useRefresh(dataset);
  const drafts = useDrafts(dataset);
  const failed = (error: Error) => announce(error.message, "bad");
  const changed = ({ count }: Done) => {
    announce(count ? t("edit.changed", { count }) : t("edit.nothing"));
    refresh();
  };

  const apply = useMutation({
    mutationFn: async (edits: Edits) => {
      await drafts.flushAll();
      return editImages(dataset, edits, false);
    },
    onSuccess: changed,
  });
  const undo = useMutation({
    mutationFn: async (number: number | undefined): Promise<Undone | null> => {
      await drafts.flushAll();
      if (number !== undefined) return undoChange(dataset, number);
      const [session, { items }] = await Promise.all([client.ensureQueryData(sessionQuery), listChanges(dataset, LOOKED_AT)]);
      const last = lastOf(items, session.user?.name ?? "");
      return last ? undoChange(dataset, last.number) : null;
    },
    onSuccess: (done) => {
      if (!done) return announce(t("history.nothing"));
      const left = done.conflicts.length;
      announce([t("history.undone", { count: done.count }), left ? t("history.left", { count: left }) : ""].filter(Boolean).join(" "));
      refresh();
    },
    onError: failed,
  });
  const restore = useMutation({ mutationFn: (version: number) => restoreVersion(dataset, version), onSuccess: changed });
  return { apply, undo, restore };
}

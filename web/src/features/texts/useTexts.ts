// What is done with the examples of a data set: saved, removed with a way back, accepted.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/errors";
import { announce } from "@/components/announce";
import { acceptExamples, addExamples, type Example, removeExamples, restoreExamples, updateExample } from "./api";
import { putExample, refreshExamples } from "./examplesQuery";
import { contentOf, type Writing } from "./shape";
import { NEW, unsavedOf } from "./unsaved";

export function useUnsaved(dataset: string) {
  const store = unsavedOf(dataset);
  return useSyncExternalStore(store.subscribe, store.get);
}

/** Saves one example as it is written. When somebody else was quicker, what they wrote is fetched and nothing is lost. */
export function useSave(dataset: string, example: Example) {
  const client = useQueryClient();
  const store = unsavedOf(dataset);
  return useMutation({
    mutationFn: ({ writing, version, accept }: { writing: Writing; version: number; accept: boolean }) =>
      updateExample(dataset, { id: example.id, version }, { ...contentOf(writing), ...(accept && { reviewed: true }) }),
    onSuccess: (saved, { accept }) => {
      putExample(client, dataset, saved);
      store.drop(saved.id);
      if (accept) refreshExamples(client, dataset);
    },
    onError: (error) => {
      if (asApiError(error).code === "edit_conflict") refreshExamples(client, dataset);
    },
  });
}

export function useAdd(dataset: string) {
  const { t } = useTranslation("texts");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (writing: Writing) => addExamples(dataset, [contentOf(writing)]),
    onSuccess: ({ added, skipped }) => {
      if (skipped.length > 0) return;
      unsavedOf(dataset).drop(NEW);
      announce(t(added > 0 ? "new.added" : "new.there"));
      refreshExamples(client, dataset);
    },
  });
}

/** One thing of an example that is not its words. */
export function useMark(dataset: string) {
  const { t } = useTranslation("texts");
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ example, ...change }: { example: Example; reviewed?: boolean; held_out?: boolean }) => updateExample(dataset, example, change),
    onSuccess: (saved) => {
      putExample(client, dataset, saved);
      refreshExamples(client, dataset);
    },
    onError: () => {
      announce(t("conflict.marked"), "bad");
      refreshExamples(client, dataset);
    },
  });
}

export function useAccept(dataset: string) {
  const { t } = useTranslation("texts");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: string[] | null) => acceptExamples(dataset, ids),
    onSuccess: ({ changed }) => {
      announce(t("review.accepted", { count: changed }));
      refreshExamples(client, dataset);
    },
  });
}

/** Removal, and the way back for as long as the page is open. */
export function useRemoval(dataset: string) {
  const { t } = useTranslation("texts");
  const client = useQueryClient();
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const remove = useMutation({
    mutationFn: (ids: string[]) => removeExamples(dataset, ids),
    onSuccess: (_, ids) => {
      setRemoved(ids);
      refreshExamples(client, dataset);
    },
  });
  const restore = useMutation({
    mutationFn: () => restoreExamples(dataset, [...removed]),
    onSuccess: ({ changed }) => {
      setRemoved([]);
      announce(t("removed.back", { count: changed }));
      refreshExamples(client, dataset);
    },
  });
  return { remove, restore, removed, forget: () => setRemoved([]) };
}

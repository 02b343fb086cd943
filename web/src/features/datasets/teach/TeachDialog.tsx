// Labels by answering: one picture at a time, the ones first that teach most, until the rest can be guessed.
import { Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { answerLabel, applyLabels, deleteAnswer, type Labelling, putLabels } from "../api";
import type { Existing } from "../captioning/job";
import { useEditor } from "../editor/useEditor";
import { labellingQuery } from "../queries";
import { useRefresh } from "../useEdit";
import { Asking } from "./Asking";
import { ChooseLabels } from "./ChooseLabels";

/** A label, null where none fits, undefined to take an answer back. */
export interface Answer {
  image: string;
  label: string | null | undefined;
}

export function TeachDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { dataset } = useEditor();
  const client = useQueryClient();
  const refresh = useRefresh(dataset.id);
  const query = labellingQuery(dataset.id);
  const { data, isError, error, refetch } = useQuery({ ...query, refetchOnWindowFocus: false });
  const [choosing, setChoosing] = useState(false);
  const keep = (fresh: Labelling) => client.setQueryData(query.queryKey, fresh);
  const answer = useMutation({
    mutationFn: ({ image, label }: Answer) => (label === undefined ? deleteAnswer(dataset.id, image) : answerLabel(dataset.id, image, label)),
    scope: { id: `labelling ${dataset.id}` },
    onSuccess: keep,
  });
  const choose = useMutation({
    mutationFn: (labels: string[]) => putLabels(dataset.id, labels),
    onSuccess: (fresh) => {
      keep(fresh);
      setChoosing(false);
    },
  });
  const apply = useMutation({
    mutationFn: (existing: Existing) => applyLabels(dataset.id, existing),
    onSuccess: ({ count }) => {
      announce(count ? t("edit.changed", { count }) : t("edit.nothing"));
      refresh();
      onClose();
    },
  });
  const asking = data && data.labels.length > 1 && !choosing;
  return (
    <Modal opened onClose={onClose} size="min(64rem, 97vw)" title={t("teach.title")} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {[answer, choose, apply].map((one, at) => (one.isError ? <ErrorNote key={at} error={one.error} small /> : null))}
      {!data && !isError ? <Waiting /> : null}
      {data && !asking ? <ChooseLabels labels={data.labels} pending={choose.isPending} onChoose={choose.mutate} /> : null}
      {asking ? (
        <Asking state={data} onAnswer={answer.mutate} onChoose={() => setChoosing(true)} onApply={apply.mutate} applying={apply.isPending} />
      ) : null}
    </Modal>
  );
}

// Exactly what the model will see of one example: every mark of its template, with what it learns to say marked.
import { Modal, VisuallyHidden } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import { type Content, previewExample, type TextPreview } from "../api";
import { SeenWithForm } from "../panel/SeenWithForm";
import type { Seen } from "../useSeenWith";
import classes from "./Dialogs.module.css";

interface Props {
  dataset: string;
  what: { example_id: string } | { example: Content };
  number: number | null;
  seenWith: Seen;
  onClose: () => void;
}

export function PreviewDialog({ dataset, what, number, seenWith, onClose }: Props) {
  const { t } = useTranslation(["texts", "common"]);
  const { base, seen } = seenWith;
  const ready = base?.state !== "not_prepared" && base?.state !== "preparing";
  const preview = useQuery({
    queryKey: [...keys.dataset(dataset), "preview", what, base?.id, seen],
    queryFn: ({ signal }) => previewExample(dataset, what, base?.id ?? "", seen, signal),
    enabled: base !== undefined && ready,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return (
    <Modal opened onClose={onClose} size="xl" title={number === null ? t("preview.title") : t("preview.one", { number })} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <div className={classes.form}>
        <SeenWithForm seenWith={seenWith} wide />
        {preview.isError ? <ErrorNote error={preview.error} small onRetry={() => void preview.refetch()} /> : null}
        {preview.isPending && preview.fetchStatus !== "idle" ? <Waiting label={t("preview.working")} /> : null}
        {preview.data && !preview.isError ? <Shown preview={preview.data} /> : null}
      </div>
    </Modal>
  );
}

function Shown({ preview }: { preview: TextPreview }) {
  const { t } = useTranslation("texts");
  const { number } = useFormat();
  const facts = [t("preview.tokens", { count: preview.tokens, number: number(preview.tokens) }), t("preview.trained", { count: preview.trained_tokens, number: number(preview.trained_tokens) })];
  if ((preview.sequences ?? 1) > 1) facts.push(t("preview.pieces", { count: preview.sequences }));
  if (preview.cut_tokens) facts.push(t("preview.cut", { count: preview.cut_tokens, number: number(preview.cut_tokens) }));
  return (
    <>
      <p className={classes.legend}>{formatFacts(facts)}</p>
      <p className={classes.legend}><mark>{t("preview.learned")}</mark> {t("preview.rest")}</p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <div className={classes.preview} role="region" aria-label={t("preview.title")} tabIndex={0}>
        {preview.pieces.map((piece, at) =>
          piece.trained ? <mark key={at}><VisuallyHidden>{t("preview.begins")}</VisuallyHidden>{piece.text}<VisuallyHidden>{t("preview.ends")}</VisuallyHidden></mark> : <span key={at}>{piece.text}</span>,
        )}
      </div>
    </>
  );
}

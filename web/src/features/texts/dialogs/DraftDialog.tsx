// Pairs drafted from the person's own documents by any OpenAI-compatible endpoint; they wait for review before they are used.
import { Button, FileButton, Group, Modal, NumberInput, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { readStored, store } from "@/lib/stored";
import { draftExamples } from "../api";
import { refreshExamples } from "../examplesQuery";
import classes from "./Dialogs.module.css";

const LOCAL = "http://127.0.0.1:11434/v1";
const PAIRS = 3;
const LOOK_EVERY = 3_000;

interface Props {
  dataset: string;
  onClose: () => void;
  /** Drafts are there. */
  onDrafted: () => void;
}

function keptEndpoint(): { url: string; model: string } {
  try {
    return { url: LOCAL, model: "", ...(JSON.parse(readStored("endpoint") ?? "{}") as object) };
  } catch {
    return { url: LOCAL, model: "" };
  }
}

export function DraftDialog({ dataset, onClose, onDrafted }: Props) {
  const { t } = useTranslation(["texts", "common"]);
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [endpoint, setEndpoint] = useState(keptEndpoint);
  const [key, setKey] = useState("");
  const [pairs, setPairs] = useState(PAIRS);
  const [stopped, setStopped] = useState(false);
  const running = useRef<AbortController | null>(null);
  const draft = useMutation({
    mutationFn: () => {
      store("endpoint", JSON.stringify(endpoint));
      running.current = new AbortController();
      setStopped(false);
      return draftExamples(dataset, { ...endpoint, text, key, pairs }, running.current.signal);
    },
    onSuccess: ({ added }) => {
      announce(t("draft.done", { count: added }));
      onDrafted();
      onClose();
    },
    onSettled: () => refreshExamples(client, dataset),
  });
  const { isPending } = draft;
  useEffect(() => {
    if (!isPending) return;
    const timer = setInterval(() => refreshExamples(client, dataset), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [client, dataset, isPending]);
  useEffect(() => () => running.current?.abort(), []);
  const open = async (files: readonly File[]) => {
    const read = await Promise.all(files.map((file) => file.text()));
    setText((before) => [before, ...read].filter((one) => one.trim() !== "").join("\n\n"));
  };
  const stop = () => {
    setStopped(true);
    running.current?.abort();
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={t("draft.title")} closeOnClickOutside={!isPending} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          draft.mutate();
        }}
      >
        <p className={classes.soft}>{t("draft.text")}</p>
        <div>
          <Textarea label={t("draft.document")} autosize minRows={7} maxRows={16} disabled={isPending} data-autofocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
          <FileButton multiple accept=".txt,.md,.markdown,text/plain" onChange={(files) => void open(files)}>
            {(props) => <Button {...props} mt={6} variant="subtle" size="compact-sm" disabled={isPending}>{t("draft.open")}</Button>}
          </FileButton>
        </div>
        <div className={classes.two}>
          <TextInput
            required type="url" label={t("draft.url")} description={t("draft.urlHelp")} disabled={isPending} value={endpoint.url}
            onChange={(event) => setEndpoint({ ...endpoint, url: event.currentTarget.value })}
          />
          <TextInput
            required label={t("draft.model")} description={t("draft.modelHelp")} placeholder="qwen3:8b" disabled={isPending} value={endpoint.model}
            onChange={(event) => setEndpoint({ ...endpoint, model: event.currentTarget.value })}
          />
          <PasswordInput label={t("draft.key")} description={t("draft.keyHelp")} autoComplete="off" disabled={isPending} value={key} onChange={(event) => setKey(event.currentTarget.value)} />
          <NumberInput label={t("draft.pairs")} description={t("draft.pairsHelp")} min={1} max={20} allowDecimal={false} disabled={isPending} value={pairs} onChange={(value) => setPairs(Number(value) || PAIRS)} />
        </div>
        {isPending ? <Waiting label={t("draft.working", { model: endpoint.model })} /> : null}
        {stopped && draft.isError ? <p className={classes.outcome} role="status">{t("draft.stopped")}</p> : draft.isError ? <ErrorNote error={draft.error} small /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={isPending ? stop : onClose}>{t(isPending ? "common:action.stop" : "common:action.close")}</Button>
          <Button type="submit" loading={isPending} disabled={text.trim() === "" || endpoint.model.trim() === ""}>{t("draft.action")}</Button>
        </Group>
      </form>
    </Modal>
  );
}

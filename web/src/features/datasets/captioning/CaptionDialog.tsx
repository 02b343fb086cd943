// Captions from an engine: which engine, what it is to look for, what happens to captions that are there.
import { Button, Group, Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/queries";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { MachineLabels } from "@/features/new-run/MachineLabels";
import { type Engine, startCaptions } from "../api";
import { useEditor } from "../editor/useEditor";
import { isNarrow } from "../filter";
import { enginesQuery } from "../queries";
import classes from "./Captioning.module.css";
import { EngineForm } from "./EngineForm";
import { type Job, START, takesLabels } from "./job";

export function CaptionDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { data, isError, error, refetch } = useQuery(enginesQuery);
  const [wanted, setWanted] = useState<string | null>(null);
  const engines = data?.items ?? [];
  const engine = engines.find((one) => one.engine === wanted) ?? engines.find((one) => one.available);
  return (
    <Modal opened onClose={onClose} size="xl" title={t("captions.title")} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {!data && !isError ? <Waiting /> : null}
      <fieldset className={classes.engines}>
        <legend>{t("captions.who")}</legend>
        {engines.map((one) => (
          <EngineChoice key={one.engine} engine={one} on={one === engine} onChoose={() => setWanted(one.engine)} />
        ))}
      </fieldset>
      {engine ? (
        <Suspense fallback={<Waiting />}>
          <Asked key={engine.engine} engine={engine} onClose={onClose} />
        </Suspense>
      ) : null}
    </Modal>
  );
}

function EngineChoice({ engine, on, onChoose }: { engine: Engine; on: boolean; onChoose: () => void }) {
  const { t, i18n } = useTranslation("datasets");
  const words = (part: "title" | "who" | "needs") =>
    i18n.exists(`datasets:engine.${engine.engine}.${part}`) ? t(`engine.${engine.engine as "clip"}.${part}`) : engine[part];
  return (
    <label className={classes.engine} data-off={!engine.available || undefined}>
      <input type="radio" name="engine" checked={on} disabled={!engine.available} onChange={onChoose} />
      <span>
        <b>{words("title")}</b>
        <span>{words("who")}</span>
        <small>{words("needs")}</small>
        {engine.available ? null : <Missing why={engine.why_not} />}
      </span>
    </label>
  );
}

/** The command that installs what is missing needs no translation; anything else is the server's sentence. */
function Missing({ why }: { why: string }) {
  const { t } = useTranslation("datasets");
  const command = /pip install .*$/.exec(why)?.[0];
  return (
    <span className={classes.missing}>
      {command ? t("captions.missing") : null} <code>{command ?? why}</code>
    </span>
  );
}

function Asked({ engine, onClose }: { engine: Engine; onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const client = useQueryClient();
  const { dataset, meant, selected, filter, total } = useEditor();
  const [job, setJob] = useState<Job>(START);
  const [machines, setMachines] = useState<readonly string[]>([]);
  const labelled = takesLabels(engine.fields);
  const start = useMutation({
    mutationFn: () => {
      const labels = labelled ? { labels: job.labels, label_sets: job.labelSets } : {};
      return startCaptions(dataset.id, meant(), { ...job.changed, ...labels, engine: engine.engine, existing: job.existing }, machines);
    },
    onSuccess: () => {
      announce(t("captions.started"));
      void client.invalidateQueries({ queryKey: keys.queue });
      onClose();
    },
  });
  const scope = selected.size ? "selected" : isNarrow(filter) ? "filtered" : "all";
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <EngineForm engine={engine} job={job} onChange={setJob} error={start.error} />
      <MachineLabels chosen={machines} onChoose={setMachines} />
      <p className={classes.note}>{t(`edit.scope.${scope}`, { count: selected.size || total })}</p>
      {start.isError ? <ErrorNote error={start.error} small /> : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common:action.cancel")}
        </Button>
        <Button type="submit" loading={start.isPending} disabled={labelled && !job.labels.length && !job.labelSets.length}>
          {t("captions.start")}
        </Button>
      </Group>
    </form>
  );
}

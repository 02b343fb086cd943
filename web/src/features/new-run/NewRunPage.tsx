// A new run: waits for what the form is made of, then for the person.
import { Anchor, Skeleton } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Kind } from "@/api/kinds";
import { datasetsQuery, machineQuery, modelsQuery, settingsQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { freshDraft, kindOfPreset, kindWanted } from "@/features/new-run/begin";
import { act } from "@/features/new-run/draft";
import { Editor } from "@/features/new-run/Editor";
import type { Nested } from "@/features/new-run/form/nested";
import { forgetKept, keep, kept } from "@/features/new-run/kept";
import { presetsQuery, schemaQuery } from "@/features/new-run/queries";
import { memoryOf } from "@/features/new-run/steps/fit";
import { originQuery } from "@/features/new-run/useOrigin";

export function Component() {
  const [params] = useSearchParams();
  return <NewRun key={params.toString()} params={params} />;
}

function NewRun({ params }: { params: URLSearchParams }) {
  const { t } = useTranslation("newRun");
  const from = params.get("from");
  const address = params.toString();
  const [left, setLeft] = useState(() => kept(address));
  /** What is looked at, once the person has said so, and how often that was. */
  const [chosen, setChosen] = useState<{ kind: Kind | null; times: number }>({ kind: left?.kind ?? null, times: 0 });
  const needed = useQueries({ queries: [presetsQuery, schemaQuery, datasetsQuery, modelsQuery, settingsQuery, machineQuery] });
  const origin = useQuery({ ...originQuery(from ?? ""), enabled: from !== null });
  const [presets, schema, datasets, models, settings, machine] = needed;
  const all = from === null ? needed : [...needed, origin];
  const broken = all.find((query) => query.error && query.data === undefined);

  const content = () => {
    if (broken?.error) return <ErrorNote error={broken.error} onRetry={() => void broken.refetch()} />;
    if (!presets.data || !schema.data || !datasets.data || !models.data || !settings.data || !machine.data || (from !== null && !origin.data)) {
      return (
        <div aria-busy="true">
          {[320, 260, 220].map((height) => <Skeleton key={height} height={height} mb="xl" radius="md" />)}
        </div>
      );
    }
    const parts = {
      presets: presets.data.items, datasets: datasets.data.items, origin: origin.data, usualPreset: settings.data.default_preset ?? null, memory: memoryOf(machine.data),
      asked: { dataset: params.get("dataset"), preset: params.get("preset") },
    };
    const kind = chosen.kind ?? kindWanted(parts);
    const choose = (next: Kind, wanted?: Nested) => {
      const before = kept(address)?.drafts[next] ?? freshDraft(next, parts);
      keep(address, next, wanted && act(before, { do: "replace", wanted }));
      setChosen({ kind: next, times: chosen.times + 1 });
    };
    return (
      <Editor
        key={`${kind} ${chosen.times}`} kind={kind} onKind={choose} start={kept(address)?.drafts[kind] ?? freshDraft(kind, parts)} address={address}
        presets={presets.data.items.filter((preset) => kindOfPreset(preset) === kind)} datasets={datasets.data.items.filter((dataset) => dataset.kind === kind)}
        schema={schema.data} models={models.data.items} preferred={settings.data.default_base_model} machine={machine.data}
      />
    );
  };

  const afresh = () => {
    forgetKept();
    setLeft(null);
    setChosen({ kind: null, times: chosen.times + 1 });
  };
  const lead = origin.data ? t("from", { name: origin.data.name }) : t("lead");

  return (
    <Page wide title={t("title")} lead={left === null ? lead : <>{t("left")} <Anchor component="button" inherit onClick={afresh}>{t("afresh")}</Anchor></>}>
      {content()}
    </Page>
  );
}

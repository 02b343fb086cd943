// A new run: waits for what the form is made of, then for the person.
import { Anchor, Skeleton } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { datasetsQuery, machineQuery, modelsQuery, settingsQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { changesOf, type Draft } from "@/features/new-run/draft";
import { Editor } from "@/features/new-run/Editor";
import { forgetKept, kept } from "@/features/new-run/kept";
import { presetsQuery, schemaQuery } from "@/features/new-run/queries";
import { firstPreset, memoryOf } from "@/features/new-run/steps/fit";
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
    const only = datasets.data.items.length === 1 ? (datasets.data.items[0]?.id ?? null) : null;
    const wanted = params.get("preset") ?? origin.data?.preset ?? settings.data.default_preset ?? null;
    const known = presets.data.items.find((preset) => preset.name === wanted);
    const fresh: Draft = {
      preset: (known ?? firstPreset(presets.data.items, memoryOf(machine.data)))?.name ?? null,
      dataset: params.get("dataset") ?? origin.data?.dataset ?? only,
      changed: origin.data === undefined ? {} : changesOf(origin.data.wanted),
    };
    return (
      <Editor
        key={left === null ? "fresh" : "left"} start={left ?? fresh} address={address} presets={presets.data.items} schema={schema.data} datasets={datasets.data.items} models={models.data.items}
        preferred={settings.data.default_base_model} machine={machine.data}
      />
    );
  };

  const afresh = () => {
    forgetKept();
    setLeft(null);
  };
  const lead = origin.data ? t("from", { name: origin.data.name }) : t("lead");

  return (
    <Page wide title={t("title")} lead={left === null ? lead : <>{t("left")} <Anchor component="button" inherit onClick={afresh}>{t("afresh")}</Anchor></>}>
      {content()}
    </Page>
  );
}

// The form: three choices, what they come to, and everything else folded away below.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dataset, Machine, Model, Preset } from "@/api/types";
import { AllSettings } from "@/features/new-run/AllSettings";
import { act, configOf, type Draft } from "@/features/new-run/draft";
import classes from "@/features/new-run/Editor.module.css";
import { groupsOf, type Schema } from "@/features/new-run/form/schema";
import { type Form, FormContext, formOf } from "@/features/new-run/form/useForm";
import { keep } from "@/features/new-run/kept";
import { PlanPanel } from "@/features/new-run/PlanPanel";
import { checkQuery } from "@/features/new-run/queries";
import { DatasetStep } from "@/features/new-run/steps/DatasetStep";
import { baseFor, memoryOf } from "@/features/new-run/steps/fit";
import { NameStep } from "@/features/new-run/steps/NameStep";
import { PresetStep } from "@/features/new-run/steps/PresetStep";
import { TextPanel } from "@/features/new-run/TextPanel";
import { useStart } from "@/features/new-run/useStart";
import { Fold } from "@/components/Fold";

interface Props {
  start: Draft;
  /** Where what was changed is kept. */
  address: string;
  presets: readonly Preset[];
  schema: Schema;
  datasets: readonly Dataset[];
  models: readonly Model[];
  preferred: string | null;
  machine: Machine;
}

export function Editor({ start, address, presets, schema, datasets, models, preferred, machine }: Props) {
  const { t } = useTranslation("newRun");
  const [draft, dispatch] = useReducer(act, start);
  const [untouched] = useState(start);
  useEffect(() => {
    if (draft !== untouched) keep(address, draft);
  }, [address, draft, untouched]);
  const preset = presets.find((one) => one.name === draft.preset);
  const dataset = datasets.find((one) => one.id === draft.dataset);
  const base = baseFor(preset, models, preferred);
  const assumed = { ...(base && { base_model: base.id }), ...(dataset && { name: dataset.name }) };
  const asked = { config: configOf(draft, assumed), dataset: draft.dataset };
  const [rested] = useDebouncedValue(asked, 350);
  const checked = useQuery(checkQuery(rested));
  const plain = useQuery(checkQuery({ config: configOf({ ...draft, changed: {} }, assumed), dataset: null }));
  const family = String(checked.data?.config?.family ?? base?.family ?? "sd1");
  const groups = useMemo(() => groupsOf(schema, family), [schema, family]);
  const submit = useStart(asked);
  const form: Form = formOf({
    groups, draft, preset, config: checked.data?.config, plain: plain.data?.config,
    problems: [...(checked.data?.problems ?? []), ...submit.problems], dispatch,
  });

  return (
    <FormContext value={form}>
      <div className={classes.layout}>
        <div className={classes.steps}>
          <PresetStep presets={presets} chosen={draft.preset} memory={memoryOf(machine)} models={models} onChoose={(name) => dispatch({ do: "preset", name })} />
          <DatasetStep datasets={datasets} chosen={draft.dataset} onChoose={(id) => dispatch({ do: "dataset", id })} />
          <NameStep groups={groups} models={models} preset={preset} base={base} suggestion={dataset?.name ?? ""} />
          <section className={classes.more} aria-label={t("more")}>
            <AllSettings groups={groups} />
            <Fold title={t("text.title")}>
              {() => <TextPanel yaml={checked.data?.yaml ?? ""} dataset={draft.dataset} onUse={(wanted) => dispatch({ do: "replace", wanted })} />}
            </Fold>
          </section>
        </div>
        <PlanPanel checked={checked} stale={rested !== asked && JSON.stringify(rested) !== JSON.stringify(asked)} hasDataset={dataset !== undefined} submit={submit} />
      </div>
    </FormContext>
  );
}

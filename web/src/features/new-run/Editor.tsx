// The form: pictures or texts, three choices, what they come to, and everything else folded away below.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Kind, kindOf } from "@/api/kinds";
import type { Dataset, Machine, Model, Preset } from "@/api/types";
import { AllSettings } from "@/features/new-run/AllSettings";
import { act, type Draft } from "@/features/new-run/draft";
import classes from "@/features/new-run/Editor.module.css";
import { groupsOf, type Schema } from "@/features/new-run/form/schema";
import { actionsOf, type Form, FormContext, formOf } from "@/features/new-run/form/useForm";
import type { Nested } from "@/features/new-run/form/nested";
import { keep } from "@/features/new-run/kept";
import { MachineLabels } from "@/features/new-run/MachineLabels";
import { useChanges } from "@/features/new-run/forecast/useChanges";
import { checkQuery } from "@/features/new-run/queries";
import { Side } from "@/features/new-run/Side";
import { DatasetStep } from "@/features/new-run/steps/DatasetStep";
import { baseFor, memoryOf } from "@/features/new-run/steps/fit";
import { KindStep } from "@/features/new-run/steps/KindStep";
import { NameStep } from "@/features/new-run/steps/NameStep";
import { PresetStep } from "@/features/new-run/steps/PresetStep";
import { TextPanel } from "@/features/new-run/TextPanel";
import { useAsked } from "@/features/new-run/useAsked";
import { useStart } from "@/features/new-run/useStart";
import { Fold } from "@/components/Fold";

interface Props {
  kind: Kind;
  /** The other kind is wanted, with the settings of a text where one was given. */
  onKind: (kind: Kind, wanted?: Nested) => void;
  start: Draft;
  /** Where what was changed is kept. */
  address: string;
  /** Presets and data sets of this kind. */
  presets: readonly Preset[];
  schema: Schema;
  datasets: readonly Dataset[];
  models: readonly Model[];
  preferred: string | null;
  machine: Machine;
}

export function Editor({ kind, onKind, start, address, presets, schema, datasets, models, preferred, machine }: Props) {
  const { t } = useTranslation("newRun");
  const [draft, dispatch] = useReducer(act, start);
  const [untouched] = useState(start);
  useEffect(() => {
    if (draft !== untouched) keep(address, kind, draft);
  }, [address, kind, draft, untouched]);
  const preset = presets.find((one) => one.name === draft.preset);
  const dataset = datasets.find((one) => one.id === draft.dataset);
  const able = models.filter((model) => kindOf(model.family) === kind);
  const base = baseFor(preset, able, preferred);
  const asked = useAsked(draft, base?.id, dataset?.name);
  const { config: usual } = useAsked({ ...draft, changed: {} }, base?.id, dataset?.name);
  const [rested] = useDebouncedValue(asked, 350);
  const checked = useQuery(checkQuery(rested));
  const plain = useQuery(checkQuery({ config: usual, dataset: null }));
  const family = String(checked.data?.config?.family ?? base?.family ?? (kind === "texts" ? "causal_lm" : "sd1"));
  const groups = useMemo(() => groupsOf(schema, family), [schema, family]);
  const submit = useStart(asked, draft.labels ?? []);
  const actions = useMemo(() => actionsOf(dispatch), []);
  const changes = useChanges(draft, dispatch);
  const form: Form = formOf({
    groups, draft, preset, config: checked.data?.config, plain: plain.data?.config,
    problems: [...(checked.data?.problems ?? []), ...submit.problems], actions,
  });

  const take = (wanted: Nested, family: string | undefined) => {
    if (family === undefined || kindOf(family) === kind) dispatch({ do: "replace", wanted });
    else onKind(kindOf(family), wanted);
  };

  return (
    <FormContext value={form}>
      <div className={classes.layout}>
        <div className={classes.steps}>
          <KindStep kind={kind} onKind={onKind} />
          <PresetStep kind={kind} presets={presets} chosen={draft.preset} memory={memoryOf(machine)} models={able} onChoose={(name) => dispatch({ do: "preset", name })} />
          <DatasetStep kind={kind} datasets={datasets} chosen={draft.dataset} onChoose={(id) => dispatch({ do: "dataset", id })} />
          <NameStep kind={kind} groups={groups} models={able} preset={preset} base={base} suggestion={dataset?.name ?? ""} />
          <section className={classes.more} aria-label={t("more")}>
            <MachineLabels chosen={draft.labels ?? []} onChoose={(labels) => dispatch({ do: "labels", labels })} />
            <AllSettings groups={groups} />
            <Fold title={t("text.title")}>
              {() => <TextPanel yaml={checked.data?.yaml ?? ""} dataset={draft.dataset} onUse={take} />}
            </Fold>
          </section>
        </div>
        <Side kind={kind} asked={asked} labels={draft.labels ?? []} machine={machine} changes={changes} checked={checked} stale={rested !== asked} hasDataset={dataset !== undefined} submit={submit} />
      </div>
    </FormContext>
  );
}

// What an engine is told; made from its schema, in the same fields as a run's settings.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/errors";
import { Fold } from "@/components/Fold";
import { ConfigField } from "@/features/new-run/form/ConfigField";
import fieldClasses from "@/features/new-run/form/Form.module.css";
import { FormContext } from "@/features/new-run/form/useForm";
import type { Engine } from "../api";
import { labelSetsQuery } from "../queries";
import { TagField } from "../words/TagField";
import classes from "./Captioning.module.css";
import { EXISTING, fieldsOf, formOf, type Job, takesLabels } from "./job";

interface EngineFormProps {
  engine: Engine;
  job: Job;
  onChange: (job: Job) => void;
  error: Error | null;
}

export function EngineForm({ engine, job, onChange, error }: EngineFormProps) {
  const { t } = useTranslation("datasets");
  const { first, more } = useMemo(() => fieldsOf(engine.fields), [engine.fields]);
  const problems = error ? asApiError(error).problems : [];
  const form = formOf({ fields: [...first, ...more], changed: job.changed, problems, set: (changed) => onChange({ ...job, changed }) });
  return (
    <FormContext value={form}>
      {takesLabels(engine.fields) ? <Labels job={job} onChange={onChange} /> : null}
      <div className={classes.existing}>
        <span id="existing">{t("captions.existing")}</span>
        <SegmentedControl
          aria-labelledby="existing" size="sm" value={job.existing} data={EXISTING.map((value) => ({ value, label: t(`captions.do.${value}`) }))}
          onChange={(existing) => onChange({ ...job, existing })}
        />
      </div>
      <div className={fieldClasses.grid}>{first.map((field) => <ConfigField key={field.key} field={field} />)}</div>
      {more.length ? (
        <Fold title={t("captions.more")}>{() => <div className={fieldClasses.grid}>{more.map((field) => <ConfigField key={field.key} field={field} />)}</div>}</Fold>
      ) : null}
    </FormContext>
  );
}

function Labels({ job, onChange }: Pick<EngineFormProps, "job" | "onChange">) {
  const { t, i18n } = useTranslation("datasets");
  const { data } = useQuery(labelSetsQuery);
  const sets = (data?.items ?? []).toSorted((a, b) => Number(b.language === i18n.language) - Number(a.language === i18n.language));
  const toggle = (name: string) => {
    const labelSets = job.labelSets.includes(name) ? job.labelSets.filter((one) => one !== name) : [...job.labelSets, name];
    onChange({ ...job, labelSets });
  };
  return (
    <>
      <TagField
        label={t("captions.labels")} description={t("captions.labelsHelp")} value={job.labels}
        onChange={(labels) => onChange({ ...job, labels })}
      />
      <div className={classes.sets} role="group" aria-label={t("captions.sets")}>
        <span>{t("captions.sets")}</span>
        {sets.map(({ name, title, labels }) => (
          <button key={name} type="button" aria-pressed={job.labelSets.includes(name)} title={labels.slice(0, 12).join(", ")} onClick={() => toggle(name)}>
            {title} <small>{labels.length}</small>
          </button>
        ))}
      </div>
    </>
  );
}

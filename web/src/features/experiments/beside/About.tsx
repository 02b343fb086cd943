// What the comparison is made of, notes, and where its runs differ.
import { Button, Textarea } from "@mantine/core";
import { IconGitCompare } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Experiment, Run } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import facts from "@/components/Facts.module.css";
import { TimeAgo } from "@/components/Format";
import { useChange } from "@/features/runs/useRun";
import { useFormat } from "@/lib/useFormat";

export function About({ experiment, run }: { experiment: Experiment; run: Run }) {
  const { t } = useTranslation("experiments");
  const { t: tc } = useTranslation();
  const { duration, number } = useFormat();
  const [notes, setNotes] = useState(run.notes);
  const change = useChange(run.id);
  const { experiment: asked, cells } = experiment;
  const runs = [...new Set(asked.candidates.flatMap((one) => (one.what === "run" && one.id ? [one.id] : [])))];
  const took = run.started_at && run.ended_at ? (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000 : null;
  const texts = asked.kind === "texts";
  const rows: [string, React.ReactNode][] = [
    [t("about.base"), (asked.bases?.length ? asked.bases : [run.base_model]).join(", ")],
    [t("about.cells"), t(texts ? "answersCount" : "picturesCount", { count: cells.length, shown: number(cells.length) })],
    [t("about.seeds"), asked.seeds.join(", ")],
    [t("about.samplers"), texts ? null : asked.samplers.map((one) => t(`sampler.${one}`)).join(", ")],
    [t("about.size"), asked.width && asked.height ? `${asked.width} × ${asked.height}` : null],
    [t("new.steps"), asked.steps ?? null],
    [t("new.guidance"), asked.guidance ?? null],
    [t("about.device"), run.device],
    [t("about.made"), <TimeAgo key="made" time={run.created_at} />],
    [t("about.took"), took && took > 0 ? duration(took) : null],
    [t("about.user"), run.user],
  ];
  const keep = () => {
    if (notes !== run.notes) change.mutate({ notes }, { onSuccess: () => announce(tc("saved")) });
  };
  return (
    <section aria-labelledby="about">
      <h2 id="about">{t("about.title")}</h2>
      <Textarea
        label={t("about.notes")} placeholder={t("about.notesHint")} autosize minRows={3} maxRows={12} value={notes} mb="md"
        onChange={(event) => setNotes(event.currentTarget.value)} onBlur={keep}
      />
      {change.error && <ErrorNote error={change.error} small onRetry={keep} />}
      {runs.length > 1 && (
        <Button component={Link} to={`/run-diff?runs=${runs.join(",")}`} variant="default" size="compact-md" mb="md" leftSection={<IconGitCompare size={16} />}>{t("about.diff")}</Button>
      )}
      <dl className={facts.facts}>
        {rows.filter(([, value]) => value != null && value !== "").map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}
      </dl>
    </section>
  );
}

// What the run is made of, in a short table.
import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReactNode } from "react";
import type { Run } from "@/api/types";
import facts from "@/components/Facts.module.css";
import { TimeAgo } from "@/components/Format";
import { numbers } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import type { RunView } from "@/features/runs/view/view";

export function Facts({ run, view }: { run: Run; view: RunView }) {
  const { t } = useTranslation("runs");
  const { bytes, duration, language, number } = useFormat();
  const seconds = view.latest?.seconds ?? run.step_seconds;
  const peak = view.latest?.peak ?? run.peak_memory_bytes;
  const sizes = view.sizes;
  const share = sizes?.all ? numbers(language, { style: "percent", maximumSignificantDigits: 2 }).format(sizes.trainable / sizes.all) : null;
  const rows: [string, ReactNode][] = [
    [t("fact.dataset"), run.dataset && <Anchor component={Link} to={`/datasets/${run.dataset.id}`}>{run.dataset.name}</Anchor>],
    [t("fact.base"), run.base_model],
    [t("fact.preset"), run.preset],
    [t("fact.trainable"), sizes?.all && share && t("fact.trainableOf", { trainable: number(sizes.trainable), all: number(sizes.all), share })],
    [t("fact.device"), view.latest?.device ?? run.device],
    [t("fact.worker"), run.worker],
    [t("fact.labels"), run.labels.join(", ")],
    [t("fact.started"), run.started_at && <TimeAgo time={run.started_at} />],
    [t("fact.ended"), run.ended_at && <TimeAgo time={run.ended_at} />],
    [t("fact.seconds"), seconds && duration(seconds)],
    [t("fact.peak"), peak && bytes(peak)],
    [t("fact.attempts"), run.attempts > 1 && run.attempts],
    [t("fact.sandbox"), run.sandbox && t(`sandbox.${run.sandbox as "off"}`, { defaultValue: run.sandbox })],
    [t("fact.user"), run.user],
  ];
  return (
    <dl className={facts.facts}>
      {rows.filter(([, value]) => value).map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

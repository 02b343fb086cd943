// Which pictures or texts: the data sets by their covers, the packaged one, or the way to a new one.
import { Button, TextInput } from "@mantine/core";
import { IconFilePlus, IconPhotoPlus, IconSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, take } from "@/api/client";
import type { Kind } from "@/api/kinds";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Cover } from "@/features/datasets/Cover";
import { useNewDataset } from "@/features/datasets/useNewDataset";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

const MANY = 8;

interface Props {
  kind: Kind;
  datasets: readonly Dataset[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

export function DatasetStep({ kind, datasets, chosen, onChoose }: Props) {
  const { t } = useTranslation(["newRun", "start"]);
  const texts = kind === "texts";
  const title = t(texts ? "dataset.titleTexts" : "dataset.title");
  const help = texts ? (datasets.length > 0 ? "dataset.helpTexts" : "dataset.noTexts") : datasets.length > 0 ? "dataset.help" : "dataset.none";
  const create = useNewDataset();
  const [words, setWords] = useState("");
  const client = useQueryClient();
  const sample = useMutation({
    mutationFn: () => take(api.POST("/api/datasets/sample", { body: { name: t(texts ? "start:sample.nameTexts" : "start:sample.name"), kind } })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: keys.datasets });
      onChoose(made.id);
    },
  });
  const sought = words.trim().toLowerCase();
  const shown = datasets.filter((dataset) => dataset.id === chosen || dataset.name.toLowerCase().includes(sought));
  return (
    <Step number={3} title={title} help={t(help)}>
      {datasets.length > MANY && (
        <TextInput
          aria-label={t("dataset.find")} placeholder={t("dataset.find")} leftSection={<IconSearch size={16} />} maw={360} mb="md" value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <div className={classes.sets} role="radiogroup" aria-label={title}>
        {shown.map((dataset) => <Card key={dataset.id} dataset={dataset} checked={dataset.id === chosen} onChoose={onChoose} />)}
      </div>
      <div className={classes.ways}>
        {texts ? (
          <Button variant="default" leftSection={<IconFilePlus size={16} />} loading={create.isPending} onClick={() => create.mutate({ kind })}>{t("dataset.newTexts")}</Button>
        ) : (
          <Button component={Link} to="/datasets" variant="default" leftSection={<IconPhotoPlus size={16} />}>{t("dataset.new")}</Button>
        )}
        {!datasets.some((dataset) => dataset.sample) && <Button variant="subtle" loading={sample.isPending} onClick={() => sample.mutate()}>{t(texts ? "dataset.sampleTexts" : "dataset.sample")}</Button>}
      </div>
      {(sample.error ?? create.error) && <ErrorNote error={sample.error ?? create.error} small />}
    </Step>
  );
}

function Card({ dataset, checked, onChoose }: { dataset: Dataset; checked: boolean; onChoose: (id: string) => void }) {
  const { t } = useTranslation("newRun");
  return (
    <label className={classes.set} data-checked={checked || undefined}>
      <input type="radio" name="dataset" value={dataset.id} checked={checked} onChange={() => onChoose(dataset.id)} />
      <Cover dataset={dataset} className={classes.sheet} />
      <strong>{dataset.name}</strong>
      <span className={classes.count}>
        {dataset.kind === "texts" ? t("dataset.examples", { count: dataset.examples }) : t("dataset.images", { count: dataset.images })}
        {dataset.drafts > 0 && ` · ${t("dataset.drafts", { count: dataset.drafts })}`}
        {dataset.kind === "images" && dataset.captioned < dataset.images && ` · ${t("dataset.uncaptioned", { count: dataset.images - dataset.captioned })}`}
      </span>
    </label>
  );
}

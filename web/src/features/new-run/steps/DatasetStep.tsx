// Which pictures: the data sets by their covers, the packaged one, or the way to a new one.
import { Button, TextInput } from "@mantine/core";
import { IconPhotoPlus, IconSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, take } from "@/api/client";
import { keys } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Picture } from "@/components/Picture";
import { thumbnailOf } from "@/features/datasets/thumbnails";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

const MANY = 8;

interface Props {
  datasets: readonly Dataset[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

export function DatasetStep({ datasets, chosen, onChoose }: Props) {
  const { t } = useTranslation(["newRun", "start"]);
  const [words, setWords] = useState("");
  const client = useQueryClient();
  const sample = useMutation({
    mutationFn: () => take(api.POST("/api/datasets/sample", { body: { name: t("start:sample.name") } })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: keys.datasets });
      onChoose(made.id);
    },
  });
  const sought = words.trim().toLowerCase();
  const shown = datasets.filter((dataset) => dataset.id === chosen || dataset.name.toLowerCase().includes(sought));
  return (
    <Step number={2} title={t("dataset.title")} help={t(datasets.length > 0 ? "dataset.help" : "dataset.none")}>
      {datasets.length > MANY && (
        <TextInput
          aria-label={t("dataset.find")} placeholder={t("dataset.find")} leftSection={<IconSearch size={16} />} maw={360} mb="md" value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      )}
      <div className={classes.sets} role="radiogroup" aria-label={t("dataset.title")}>
        {shown.map((dataset) => <Card key={dataset.id} dataset={dataset} checked={dataset.id === chosen} onChoose={onChoose} />)}
      </div>
      <div className={classes.ways}>
        <Button component={Link} to="/datasets" variant="default" leftSection={<IconPhotoPlus size={16} />}>{t("dataset.new")}</Button>
        {!datasets.some((dataset) => dataset.sample) && <Button variant="subtle" loading={sample.isPending} onClick={() => sample.mutate()}>{t("dataset.sample")}</Button>}
      </div>
      {sample.error && <ErrorNote error={sample.error} small />}
    </Step>
  );
}

function Card({ dataset, checked, onChoose }: { dataset: Dataset; checked: boolean; onChoose: (id: string) => void }) {
  const { t } = useTranslation("newRun");
  return (
    <label className={classes.set} data-checked={checked || undefined}>
      <input type="radio" name="dataset" value={dataset.id} checked={checked} onChange={() => onChoose(dataset.id)} />
      <span className={classes.sheet}>
        {[0, 1, 2, 3].map((place) => {
          const cover = dataset.covers[place];
          return <Picture key={place} src={cover === undefined ? null : thumbnailOf(cover)} alt="" />;
        })}
      </span>
      <strong>{dataset.name}</strong>
      <span className={classes.count}>
        {t("dataset.images", { count: dataset.images })}
        {dataset.captioned < dataset.images && ` · ${t("dataset.uncaptioned", { count: dataset.images - dataset.captioned })}`}
      </span>
    </label>
  );
}

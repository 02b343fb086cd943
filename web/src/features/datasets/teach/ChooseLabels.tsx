// The labels to choose from: typed, or taken from a set.
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { labelSetsQuery } from "../queries";
import { once } from "../words/tags";
import { TagField } from "../words/TagField";
import classes from "./Teach.module.css";

interface ChooseLabelsProps {
  labels: readonly string[];
  pending: boolean;
  onChoose: (labels: string[]) => void;
}

export function ChooseLabels({ labels: before, pending, onChoose }: ChooseLabelsProps) {
  const { t } = useTranslation("datasets");
  const { data } = useQuery(labelSetsQuery);
  const [labels, setLabels] = useState([...before]);
  const take = (name: string | null) => {
    const set = data?.items.find((one) => one.name === name);
    if (set) setLabels(once([...labels, ...set.labels]));
  };
  return (
    <form
      className={classes.choose}
      onSubmit={(event) => {
        event.preventDefault();
        onChoose(labels);
      }}
    >
      <p>{t("teach.lead")}</p>
      <TagField label={t("teach.labels")} description={t("captions.labelsHelp")} value={labels} onChange={setLabels} first />
      <Select
        label={t("teach.fromSet")} placeholder={t("teach.choose")} value={null} onChange={take}
        data={data?.items.map(({ name, title, labels: all }) => ({ value: name, label: `${title} (${all.length})` })) ?? []}
      />
      <Button type="submit" loading={pending} disabled={labels.length < 2}>
        {t("teach.begin")}
      </Button>
    </form>
  );
}

// Where there are workers with labels: on which of them the run may go.
import { MultiSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";

interface Props {
  chosen: readonly string[];
  onChoose: (labels: readonly string[]) => void;
}

export function MachineLabels({ chosen, onChoose }: Props) {
  const { t } = useTranslation("newRun");
  const { data } = useQuery({ queryKey: ["labels"], queryFn: ({ signal }) => take(api.GET("/api/labels", { signal })) });
  const known = data?.labels ?? [];
  if (known.length === 0 && chosen.length === 0) return null;
  const gone = data === undefined ? [] : chosen.filter((label) => !known.includes(label));
  return (
    <MultiSelect
      label={t("labels.title")} description={t("labels.help")} placeholder={chosen.length === 0 ? t("labels.placeholder") : undefined} maw={420} mb="md"
      data={[...new Set([...known, ...chosen])]} value={[...chosen]} searchable={known.length > 8} clearable
      error={gone.length > 0 ? t("labels.unknown", { labels: gone.join(", ") }) : undefined}
      onChange={onChoose}
    />
  );
}

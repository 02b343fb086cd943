// What narrows the list: words, state, tag. The words are sent when the typing rests.
import { Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import classes from "@/features/runs/list/History.module.css";
import { type Filter, type Filters, STATES } from "@/features/runs/list/useHistory";

interface Props {
  filters: Filters;
  runs: readonly Run[];
  onChange: (filter: Filter, value: string) => void;
}

export function FilterBar({ filters, runs, onChange }: Props) {
  const { t } = useTranslation(["runs", "common"]);
  const [words, setWords] = useState(filters.search ?? "");
  const search = useDebouncedCallback((value: string) => onChange("search", value.trim()), 300);
  const tags = [...new Set([...runs.flatMap((run) => run.tags), ...(filters.tag ? [filters.tag] : [])])].sort();
  return (
    <search className={classes.filters}>
      <TextInput
        aria-label={t("list.search")} placeholder={t("list.search")} leftSection={<IconSearch size={16} />} value={words}
        className={classes.search}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
      />
      <Select
        aria-label={t("list.state")} placeholder={t("list.anyState")} clearable value={filters.state ?? null}
        data={STATES.map((state) => ({ value: state, label: t(`common:state.${state}`) }))}
        onChange={(value) => onChange("state", value ?? "")}
      />
      {tags.length > 0 && (
        <Select
          aria-label={t("list.tag")} placeholder={t("list.tag")} clearable searchable value={filters.tag ?? null} data={tags}
          onChange={(value) => onChange("tag", value ?? "")}
        />
      )}
    </search>
  );
}

// One edit for many pictures: fill it in, see what it would do, do it.
import { Button, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import { editImages } from "../api";
import { useEditor } from "../editor/useEditor";
import { isNarrow } from "../filter";
import { EditFields } from "./EditFields";
import { DOINGS, type Doing, editOf, type Form, START } from "./edits";
import classes from "./Panel.module.css";
import { Preview } from "./Preview";

const PAUSE = 350;

export function EditTab() {
  const { t } = useTranslation("datasets");
  const { number } = useFormat();
  const { dataset, meant, apply, selected, filter, total } = useEditor();
  const [form, setForm] = useState<Form>(START);
  const fill = (part: Partial<Form>) => setForm((before) => ({ ...before, ...part }));
  const edit = useMemo(() => editOf(form), [form]);
  const which = useMemo(() => meant(), [meant]);
  const [asked] = useDebouncedValue(useMemo(() => edit && { edit, ...which }, [edit, which]), PAUSE);
  const preview = useQuery({
    queryKey: [...keys.dataset(dataset.id), "preview", asked],
    queryFn: ({ signal }) => (asked ? editImages(dataset.id, asked, true, signal) : null),
    enabled: asked !== null,
    retry: false,
    placeholderData: (before) => before,
  });
  const scope = selected.size ? "selected" : isNarrow(filter) ? "filtered" : "all";
  const count = preview.data?.count ?? 0;
  const ready = edit !== null && asked?.edit === edit && preview.isSuccess && !preview.isPlaceholderData && count > 0;
  return (
    <form
      className={classes.edit}
      onSubmit={(event) => {
        event.preventDefault();
        if (edit && ready) apply.mutate({ edit, ...which });
      }}
    >
      <Select
        label={t("edit.what")} allowDeselect={false} value={form.doing} data={DOINGS.map((value) => ({ value, label: t(`edit.do.${value}`) }))} maxDropdownHeight={420}
        onChange={(doing) => fill({ doing: (doing as Doing | null) ?? form.doing })}
      />
      <EditFields form={form} fill={fill} />
      <p className={classes.scope}>{t(`edit.scope.${scope}`, { count: selected.size || total })}</p>
      <Button type="submit" disabled={!ready} loading={apply.isPending}>
        {ready ? t("edit.apply", { count, number: number(count) }) : t("edit.applyNone")}
      </Button>
      <div className={classes.preview} aria-live="polite">
        {preview.isError && edit ? <ErrorNote error={preview.error} small /> : null}
        {edit && preview.data && !preview.isError ? <Preview done={preview.data} /> : null}
      </div>
    </form>
  );
}

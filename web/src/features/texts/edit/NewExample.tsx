// An example that does not exist yet, above the others.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { LineNotes } from "../dialogs/LineNotes";
import { EMPTY, faultOf, sameWriting } from "../shape";
import { NEW, type Unsaved, unsavedOf } from "../unsaved";
import { useAdd } from "../useTexts";
import { WritingForm } from "./WritingForm";
import classes from "./Writing.module.css";

export function NewExample({ dataset, unsaved, onDone }: { dataset: string; unsaved: Unsaved; onDone: () => void }) {
  const { t } = useTranslation(["texts", "common"]);
  const store = unsavedOf(dataset);
  const add = useAdd(dataset);
  const { writing } = unsaved;
  const fault = faultOf(writing);
  const empty = sameWriting(writing, EMPTY);
  const leave = () => {
    store.drop(NEW);
    onDone();
  };
  const save = () => {
    if (fault === null) add.mutate(writing, { onSuccess: ({ skipped }) => skipped.length === 0 && onDone() });
  };
  return (
    <div className={classes.edit} data-new>
      <WritingForm name={t("new.name")} writing={writing} onChange={(next) => store.put(NEW, { writing: next, base: null, version: 0 })} onSave={save} onLeave={() => empty && leave()} />
      {add.isError ? <ErrorNote error={add.error} small /> : null}
      {add.data ? <LineNotes notes={add.data.skipped} /> : null}
      <div className={classes.ways}>
        <Button size="compact-md" loading={add.isPending} disabled={fault !== null} aria-keyshortcuts="Control+Enter" onClick={save}>{t("common:action.add")}</Button>
        <Button size="compact-md" variant="default" onClick={leave}>{t(empty ? "common:action.close" : "edit.discard")}</Button>
        <span className={classes.hint} role="status">{fault === null ? t("edit.kept") : empty ? "" : t(`fault.${fault}`)}</span>
      </div>
    </div>
  );
}

// An example in the place of its row while it is written: kept until it is saved or discarded, compared when somebody else was quicker.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { asApiError } from "@/api/errors";
import { ErrorNote } from "@/components/ErrorNote";
import { WordDiff } from "@/components/WordDiff";
import type { Content, Example } from "../api";
import { contentOf, faultOf, sameWriting, wordsOf, writingOf } from "../shape";
import { type Unsaved, unsavedOf } from "../unsaved";
import { useSave } from "../useTexts";
import { WritingForm } from "./WritingForm";
import classes from "./Writing.module.css";

interface Props {
  dataset: string;
  example: Example;
  unsaved: Unsaved;
  first?: "first" | "last";
  onDone: () => void;
  onPreview: (content: Content) => void;
}

export function EditExample({ dataset, example, unsaved, first, onDone, onPreview }: Props) {
  const { t } = useTranslation(["texts", "common"]);
  const store = unsavedOf(dataset);
  const save = useSave(dataset, example);
  const { writing, base } = unsaved;
  const theirs = writingOf(example);
  const same = sameWriting(writing, theirs);
  /** Somebody else wrote other words meanwhile; what only was accepted or held out is no conflict. */
  const conflict = unsaved.version !== example.version && !same && (base === null || !sameWriting(base, theirs));
  const version = conflict ? unsaved.version : example.version;
  const fault = faultOf(writing);
  const leave = () => {
    store.drop(example.id);
    onDone();
  };
  const keep = (over: number, accept = false) => {
    if (same && !accept) return leave();
    if (fault === null) save.mutate({ writing, version: over, accept }, { onSuccess: onDone });
  };
  return (
    <div className={classes.edit}>
      <WritingForm
        name={t("edit.name", { number: example.number })} writing={writing} first={first} onChange={(next) => store.put(example.id, { ...unsaved, writing: next })}
        onSave={() => keep(version)} onLeave={() => same && leave()}
      />
      {conflict ? (
        <div className={classes.conflict} role="alert">
          <strong>{t("conflict.title")}</strong>
          <p>{t("conflict.text")}</p>
          <div className={classes.compared}><WordDiff before={wordsOf(theirs)} after={wordsOf(writing)} /></div>
          <div className={classes.ways}>
            <Button size="compact-sm" loading={save.isPending} onClick={() => keep(example.version)}>{t("conflict.mine")}</Button>
            <Button size="compact-sm" variant="default" onClick={leave}>{t("conflict.theirs")}</Button>
          </div>
        </div>
      ) : null}
      {save.isError && asApiError(save.error).code !== "edit_conflict" ? <ErrorNote error={save.error} small /> : null}
      {conflict ? null : (
        <div className={classes.ways}>
          {example.reviewed ? null : <Button size="compact-md" loading={save.isPending} disabled={fault !== null} onClick={() => keep(version, true)}>{t("review.save")}</Button>}
          <Button size="compact-md" variant={example.reviewed ? "filled" : "default"} loading={save.isPending} disabled={fault !== null} aria-keyshortcuts="Control+Enter" onClick={() => keep(version)}>{t("common:action.save")}</Button>
          <Button size="compact-md" variant="default" onClick={leave}>{t(same ? "common:action.close" : "edit.discard")}</Button>
          <Button size="compact-md" variant="subtle" disabled={fault !== null} onClick={() => onPreview(contentOf(writing))}>{t("preview.action")}</Button>
          <span className={classes.hint} role="status">{fault === null ? (same ? "" : t("edit.kept")) : t(`fault.${fault}`)}</span>
        </div>
      )}
    </div>
  );
}

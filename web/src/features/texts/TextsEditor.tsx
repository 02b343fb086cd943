// The examples of a data set as a place to work: the table, what narrows it, the check beside it, and the dialogs.
import { Button, Drawer } from "@mantine/core";
import "@mantine/core/styles/Drawer.layer.css";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import editor from "../datasets/editor/DatasetEditor.module.css";
import { type Content, EVERYTHING, type Example, isNarrow } from "./api";
import { NewExample } from "./edit/NewExample";
import { useExamples } from "./examplesQuery";
import { CheckPanel } from "./panel/CheckPanel";
import { ExampleTable } from "./table/ExampleTable";
import classes from "./Texts.module.css";
import { Toolbar } from "./Toolbar";
import { NEW } from "./unsaved";
import { useAccept, useMark, useRemoval, useUnsaved } from "./useTexts";
import { useSeenWith } from "./useSeenWith";

export type Dialog = "paste" | "draft";

const PasteDialog = lazy(() => import("./dialogs/PasteDialog").then((file) => ({ default: file.PasteDialog })));
const DraftDialog = lazy(() => import("./dialogs/DraftDialog").then((file) => ({ default: file.DraftDialog })));
const PreviewDialog = lazy(() => import("./dialogs/PreviewDialog").then((file) => ({ default: file.PreviewDialog })));

interface Props {
  dataset: Dataset;
  dialog: Dialog | null;
  onDialog: (dialog: Dialog | null) => void;
}

export function TextsEditor({ dataset, dialog, onDialog }: Props) {
  const { t } = useTranslation(["texts", "common"]);
  const readOnly = !dataset.mine;
  const [filter, setFilter] = useState(EVERYTHING);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [previewed, setPreviewed] = useState<{ what: { example_id: string } | { example: Content }; number: number | null } | null>(null);
  const [drawn, drawer] = useDisclosure(false);
  const beside = useMediaQuery("(min-width: 62.5rem)", true, { getInitialValueInEffect: false });
  const { examples, isError, error, refetch, isPending, isFetched } = useExamples(dataset.id, filter);
  const unsaved = useUnsaved(dataset.id);
  const seenWith = useSeenWith();
  const { remove, restore, removed, forget } = useRemoval(dataset.id);
  const accept = useAccept(dataset.id);
  const mark = useMark(dataset.id);

  const toggle = useCallback((id: string) => setSelected((before) => {
    const next = new Set(before);
    if (!next.delete(id)) next.add(id);
    return next;
  }), []);
  const preview = useCallback((what: { example_id: string } | { example: Content }, number: number | null) => setPreviewed({ what, number }), []);
  const { mutate: removeAll } = remove;
  const takeOut = useCallback((ids: string[]) => {
    removeAll(ids);
    setSelected(new Set());
  }, [removeAll]);
  const { mutate: markOne } = mark;
  const acceptOne = useCallback((example: Example) => markOne({ example, reviewed: true }), [markOne]);
  const show = (numbers: readonly number[]) => {
    setFilter({ ...EVERYTHING, numbers });
    drawer.close();
  };

  const fresh = unsaved[NEW];
  const { drafts } = dataset;
  const empty = dataset.examples === 0 && drafts === 0;
  const open = examples.filter((example) => example.id in unsaved).length;
  const panel = <CheckPanel dataset={dataset.id} seenWith={seenWith} onShow={show} />;
  const troubles = [remove, restore, accept].filter((one) => one.isError);
  return (
    <>
      {removed.length > 0 ? (
        <div className={classes.bar} role="status">
          <span>{t("removed.title", { count: removed.length })}</span>
          <Button size="compact-sm" variant="default" loading={restore.isPending} onClick={() => restore.mutate()}>{t("common:action.undo")}</Button>
          <Button size="compact-sm" variant="subtle" onClick={forget}>{t("common:action.dismiss")}</Button>
        </div>
      ) : null}
      {empty ? null : <Toolbar filter={filter} onFilter={setFilter} shown={examples.length} all={dataset.examples + drafts} drafts={drafts} onPanel={beside ? undefined : drawer.open} />}
      <div className={editor.sides} data-empty={empty || undefined}>
        <section aria-label={t("table.label")} className={editor.pictures}>
          {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
          {troubles.map((one) => <ErrorNote key={one.error?.message} error={one.error} small />)}
          {filter.drafts && examples.length > 0 && !readOnly ? (
            <div className={classes.bar}>
              <span>{t("review.text")}</span>
              <Button size="compact-sm" loading={accept.isPending} onClick={() => accept.mutate(examples.map((example) => example.id))}>{t("review.acceptAll", { count: examples.length })}</Button>
            </div>
          ) : null}
          {drafts > 0 && !filter.drafts && !readOnly ? (
            <div className={classes.bar} role="status">
              <span>{t("review.waiting", { count: drafts })}</span>
              <Button size="compact-sm" variant="default" onClick={() => setFilter({ ...EVERYTHING, drafts: true })}>{t("review.look")}</Button>
            </div>
          ) : null}
          {open > 0 ? <p className={classes.open} role="status">{t("edit.open", { count: open })}</p> : null}
          {fresh && !readOnly ? <NewExample dataset={dataset.id} unsaved={fresh} onDone={() => undefined} /> : null}
          {isPending ? <Waiting label={t("table.waiting")} /> : null}
          {isNarrow(filter) && isFetched && examples.length === 0 ? <p className={editor.none}>{t(filter.drafts ? "review.none" : "table.none")}</p> : null}
          {examples.length > 0 ? (
            <ExampleTable
              dataset={dataset.id} examples={examples} selected={selected} readOnly={readOnly} onToggle={toggle} onPreview={preview} onRemove={takeOut} onAccept={acceptOne}
            />
          ) : null}
        </section>
        {empty ? null : beside ? (
          <aside className={`${editor.panel} ${classes.side}`} aria-label={t("check.title")}>{panel}</aside>
        ) : (
          <Drawer opened={drawn} onClose={drawer.close} position="right" title={t("check.title")} size="min(26rem, 100vw)" closeButtonProps={{ "aria-label": t("common:action.close") }}>{panel}</Drawer>
        )}
      </div>
      {selected.size > 0 ? (
        <div className={editor.selection} role="group" aria-label={t("select.count", { count: selected.size })}>
          <strong>{t("select.count", { count: selected.size })}</strong>
          <Button size="compact-sm" variant="default" onClick={() => setSelected(new Set(examples.map((example) => example.id)))}>{t("select.all")}</Button>
          <Button size="compact-sm" variant="default" onClick={() => setSelected(new Set())}>{t("select.none")}</Button>
          <Button size="compact-sm" loading={remove.isPending} onClick={() => takeOut([...selected])}>{t("select.remove")}</Button>
        </div>
      ) : null}
      <Suspense>
        {dialog === "paste" ? <PasteDialog dataset={dataset.id} onClose={() => onDialog(null)} /> : null}
        {dialog === "draft" ? <DraftDialog dataset={dataset.id} onClose={() => onDialog(null)} onDrafted={() => setFilter({ ...EVERYTHING, drafts: true })} /> : null}
        {previewed ? <PreviewDialog dataset={dataset.id} {...previewed} seenWith={seenWith} onClose={() => setPreviewed(null)} /> : null}
      </Suspense>
    </>
  );
}

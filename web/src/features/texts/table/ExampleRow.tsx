// One example: what is asked on the left, what is to be answered on the right. A click on either writes in it.
import { ActionIcon, Button } from "@mantine/core";
import { IconCheck, IconEye, IconPencil, IconTrash } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Content, Example } from "../api";
import { EditExample } from "../edit/EditExample";
import { shapeOf, writingOf } from "../shape";
import { type Unsaved, unsavedOf } from "../unsaved";
import classes from "./Table.module.css";

export interface RowActions {
  onToggle: (id: string) => void;
  onPreview: (what: { example_id: string } | { example: Content }, number: number | null) => void;
  onRemove: (ids: string[]) => void;
  onAccept: (example: Example) => void;
  /** Begins to write, with the cursor in the first or the last field. */
  onEdit: (id: string, first: "first" | "last") => void;
}

interface Props extends RowActions {
  dataset: string;
  example: Example;
  unsaved: Unsaved | undefined;
  selected: boolean;
  readOnly: boolean;
  first: "first" | "last";
}

export const rowId = (id: string): string => `example-${id}`;

/** Drawn anew only when something of it has changed: there may be thousands. */
export const ExampleRow = memo(function ExampleRow({ dataset, example, unsaved, selected, readOnly, first, ...actions }: Props) {
  const { t } = useTranslation("texts");
  const { number } = example;
  const edit = (at: "first" | "last") => {
    if (readOnly) return;
    if (!unsaved) unsavedOf(dataset).put(example.id, { writing: writingOf(example), base: writingOf(example), version: example.version });
    actions.onEdit(example.id, at);
  };
  if (unsaved) {
    const done = () => requestAnimationFrame(() => document.getElementById(rowId(example.id))?.focus());
    return (
      <EditExample
        dataset={dataset} example={example} unsaved={unsaved} first={first} onDone={done}
        onPreview={(content) => actions.onPreview({ example: content }, number)}
      />
    );
  }
  return (
    <div className={classes.example} data-selected={selected || undefined} data-draft={!example.reviewed || undefined}>
      <div className={classes.mark}>
        {readOnly ? null : <input type="checkbox" checked={selected} aria-label={t("select.one", { number })} onChange={() => actions.onToggle(example.id)} />}
        <span>{number}</span>
      </div>
      <Says example={example} readOnly={readOnly} onEdit={edit} />
      <div className={classes.tools}>
        {!example.reviewed && !readOnly ? (
          <>
            <Button size="compact-xs" leftSection={<IconCheck size={14} aria-hidden="true" />} aria-label={t("review.acceptOne", { number })} onClick={() => actions.onAccept(example)}>{t("review.accept")}</Button>
            <Button size="compact-xs" variant="default" aria-label={t("review.rejectOne", { number })} onClick={() => actions.onRemove([example.id])}>{t("review.reject")}</Button>
          </>
        ) : null}
        <Tool label={t("preview.one", { number })} onClick={() => actions.onPreview({ example_id: example.id }, number)}><IconEye size={17} /></Tool>
        {readOnly ? null : <Tool id={rowId(example.id)} label={t("edit.one", { number })} onClick={() => edit("first")}><IconPencil size={17} /></Tool>}
        {readOnly || !example.reviewed ? null : <Tool label={t("remove.one", { number })} onClick={() => actions.onRemove([example.id])}><IconTrash size={17} /></Tool>}
      </div>
    </div>
  );
});

function Tool({ label, ...button }: { id?: string; label: string; onClick: () => void; children: React.ReactNode }) {
  return <ActionIcon variant="subtle" color="gray" size="md" aria-label={label} title={label} {...button} />;
}

function Says({ example, readOnly, onEdit }: { example: Example; readOnly: boolean; onEdit: (at: "first" | "last") => void }) {
  const { t } = useTranslation("texts");
  const shape = shapeOf(example);
  const answered = shape === "talk" && example.messages.at(-1)?.role === "assistant";
  const asked = answered ? example.messages.slice(0, -1) : example.messages;
  const last = answered ? example.messages.at(-1) : undefined;
  const labelled = asked.length > 1;
  return (
    <div className={classes.says} data-shape={shape}>
      <button type="button" className={classes.cell} disabled={readOnly} onClick={() => onEdit("first")}>
        {example.held_out ? <span className={classes.tag}>{t("heldOut.tag")}</span> : null}
        {example.reviewed ? null : <span className={classes.tag} data-draft>{t("review.tag")}</span>}
        {shape === "document" ? <span className={classes.text} data-long>{example.text}</span> : null}
        {asked.map((message, at) => (
          <span key={at} className={classes.text}>
            {labelled || message.role !== "user" ? <i>{t(`role.${message.role}`)}</i> : null}
            {message.content}
          </span>
        ))}
      </button>
      {last ? <button type="button" className={classes.cell} disabled={readOnly} onClick={() => onEdit("last")}><span className={classes.text} data-long>{last.content}</span></button> : null}
      {shape === "choice" ? (
        <button type="button" className={classes.cell} disabled={readOnly} onClick={() => onEdit("last")}>
          <span className={classes.text}><i>{t("field.chosen")}</i>{example.chosen}</span>
          <span className={classes.text}><i>{t("field.rejected")}</i>{example.rejected}</span>
        </button>
      ) : null}
    </div>
  );
}

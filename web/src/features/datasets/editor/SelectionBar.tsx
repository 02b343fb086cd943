// What is done with the chosen pictures at once.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ALL, type Edit } from "../api";
import classes from "./DatasetEditor.module.css";
import { useEditor } from "./useEditor";

export function SelectionBar({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation("datasets");
  const { apply, images, filter, selected, select } = useEditor();
  const removed = filter.only === "removed";
  const doThis = (edit: Edit) => apply.mutate({ ...ALL, edit, images: [...selected] }, { onSuccess: removed || edit.do === "remove" ? onClear : undefined });
  const button = (words: string, onClick: () => void) => (
    <Button variant="default" size="compact-sm" onClick={onClick} disabled={apply.isPending}>
      {words}
    </Button>
  );
  return (
    <div className={classes.selection}>
      <strong role="status">{t("select.count", { count: selected.size })}</strong>
      {selected.size < images.length ? button(t("select.all"), () => select(images.map((image) => image.id), true)) : null}
      {removed ? (
        button(t("edit.do.bring_back"), () => doThis({ do: "bring_back" }))
      ) : (
        <>
          {button(t("edit.do.hold_out"), () => doThis({ do: "hold_out", on: true }))}
          {button(t("select.train"), () => doThis({ do: "hold_out", on: false }))}
          {button(t("edit.do.remove"), () => doThis({ do: "remove" }))}
        </>
      )}
      {button(t("select.none"), onClear)}
    </div>
  );
}

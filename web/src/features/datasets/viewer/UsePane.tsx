// How the picture is used: for training or validation, how often, which part of it.
import { Button, NumberInput, Switch } from "@mantine/core";
import { IconCrop, IconMask, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { ALL, type Image } from "../api";
import { useEditor } from "../editor/useEditor";
import { useImageChange } from "./useImageChange";
import classes from "./Viewer.module.css";

export function UsePane({ image, onRemove }: { image: Image; onRemove: () => void }) {
  const { t } = useTranslation("datasets");
  const { dataset, readOnly, setMode, apply } = useEditor();
  const change = useImageChange(dataset.id, image);
  const repeat = (times: number) => {
    if (Number.isInteger(times) && times >= 1 && times <= 1000 && times !== image.repeats) change.mutate({ repeats: times });
  };
  if (readOnly) return null;
  return (
    <div className={classes.pane}>
      <Switch
        label={t("image.heldOut")} description={t("edit.help.hold_out")} checked={image.held_out}
        onChange={(event) => change.mutate({ held_out: event.currentTarget.checked })}
      />
      <NumberInput
        key={image.repeats} label={t("image.repeats")} description={t("edit.help.repeats")} min={1} max={1000} allowDecimal={false} defaultValue={image.repeats}
        onBlur={(event) => repeat(Number(event.currentTarget.value))}
        onKeyDown={(event) => (event.key === "Enter" ? repeat(Number(event.currentTarget.value)) : undefined)}
      />
      {change.isError ? <ErrorNote error={change.error} small /> : null}
      <div className={classes.buttons}>
        <Button variant="default" size="compact-sm" leftSection={<IconCrop size={16} aria-hidden="true" />} onClick={() => setMode("crop")}>
          {t(image.crop ? "crop.change" : "crop.start")}
        </Button>
        <Button variant="default" size="compact-sm" leftSection={<IconMask size={16} aria-hidden="true" />} onClick={() => setMode("mask")}>
          {t(image.mask ? "mask.change" : "mask.start")}
        </Button>
        {image.removed ? (
          <Button variant="default" size="compact-sm" onClick={() => apply.mutate({ ...ALL, edit: { do: "bring_back" }, images: [image.id] }, { onSuccess: onRemove })}>
            {t("edit.do.bring_back")}
          </Button>
        ) : (
          <Button variant="default" size="compact-sm" leftSection={<IconTrash size={16} aria-hidden="true" />} onClick={() => {
            onRemove();
            apply.mutate({ ...ALL, edit: { do: "remove" }, images: [image.id] });
          }}>
            {t("edit.do.remove")}
          </Button>
        )}
      </div>
    </div>
  );
}

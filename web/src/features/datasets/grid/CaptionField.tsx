// The caption under a picture: saved by itself, with a mark, and a way back when saving failed.
import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useErrorWords } from "@/components/errorWords";
import type { Image } from "../api";
import { type Caption, useCaption } from "../useCaption";
import { Conflict } from "../words/Conflict";
import classes from "./CaptionField.module.css";

interface CaptionFieldProps {
  dataset: string;
  image: Image;
  readOnly?: boolean;
}

export function CaptionField({ dataset, image, readOnly }: CaptionFieldProps) {
  const { t } = useTranslation("datasets");
  const caption = useCaption(dataset, image);
  return (
    <div className={classes.field} data-state={caption.state} data-caption={image.id}>
      <textarea
        className={classes.text}
        rows={2}
        readOnly={readOnly}
        value={caption.text}
        aria-label={t("grid.caption", { name: image.name })}
        aria-invalid={caption.error !== null || undefined}
        placeholder={t("grid.captionPlaceholder")}
        onChange={(event) => caption.write(event.currentTarget.value)}
        onBlur={caption.state === "dirty" ? caption.flush : undefined}
      />
      <SaveMark caption={caption} />
      {caption.state === "conflict" ? (
        <div className={classes.conflict} data-conflict>
          <Conflict caption={caption} />
        </div>
      ) : null}
    </div>
  );
}

export function SaveMark({ caption }: { caption: Caption }) {
  return (
    <span className={classes.mark} role="status" data-state={caption.state}>
      {caption.state === "idle" ? null : <Said caption={caption} />}
    </span>
  );
}

function Said({ caption }: { caption: Caption }) {
  const { t } = useTranslation("datasets");
  switch (caption.state) {
    case "saving":
      return t("grid.saving");
    case "saved":
      return (
        <>
          <IconCheck size={13} aria-hidden="true" /> {t("grid.saved")}
        </>
      );
    case "failed":
      return caption.error ? <Failed error={caption.error} onUndo={caption.undo} /> : null;
    default:
      return null;
  }
}

function Failed({ error, onUndo }: { error: NonNullable<Caption["error"]>; onUndo: () => void }) {
  const { t } = useTranslation("datasets");
  const words = useErrorWords(error);
  return (
    <Button variant="transparent" size="compact-xs" color="red" title={`${words.title}. ${words.hint}`} onClick={onUndo}>
      {t("grid.undo")}
    </Button>
  );
}

// The caption under a picture: saved by itself, with a mark, and a way back when saving failed.
import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Image } from "@/api/types";
import { useErrorWords } from "@/components/errorWords";
import { useCaption } from "../useCaption";
import classes from "./CaptionField.module.css";

interface CaptionFieldProps {
  dataset: string;
  image: Image;
  rows?: number;
  readOnly?: boolean;
}

export function CaptionField({ dataset, image, rows = 2, readOnly }: CaptionFieldProps) {
  const { t } = useTranslation("datasets");
  const caption = useCaption(dataset, image);
  return (
    <div className={classes.field} data-state={caption.state}>
      <textarea
        className={classes.text}
        rows={rows}
        readOnly={readOnly}
        value={caption.text}
        aria-label={t("grid.caption", { name: image.name })}
        aria-invalid={caption.state === "failed" || undefined}
        placeholder={t("grid.captionPlaceholder")}
        onChange={(event) => caption.write(event.currentTarget.value)}
        onBlur={caption.state === "dirty" ? caption.flush : undefined}
        onKeyDown={(event) => {
          if (event.key === "Escape" && caption.state !== "idle") caption.undo();
        }}
      />
      <span className={classes.mark} role="status">
        {caption.state === "saving" ? t("grid.saving") : null}
        {caption.state === "saved" ? (
          <>
            <IconCheck size={13} aria-hidden="true" /> {t("grid.saved")}
          </>
        ) : null}
        {caption.error ? <Failed error={caption.error} onUndo={caption.undo} /> : null}
      </span>
    </div>
  );
}

function Failed({ error, onUndo }: { error: NonNullable<ReturnType<typeof useCaption>["error"]>; onUndo: () => void }) {
  const { t } = useTranslation("datasets");
  const words = useErrorWords(error);
  return (
    <Button variant="transparent" size="compact-xs" color="red" title={`${words.title}. ${words.hint}`} onClick={onUndo}>
      {t("grid.undo")}
    </Button>
  );
}

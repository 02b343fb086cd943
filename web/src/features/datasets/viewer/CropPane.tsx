// Beside the picture while it is cropped: what size it comes to, and the ways out.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import type { Image } from "../api";
import { bucketFor, EXAMPLE } from "./bucket";
import { cropOf, type Rect, WHOLE } from "./crop";
import { useImageChange } from "./useImageChange";
import classes from "./Viewer.module.css";

interface CropPaneProps {
  dataset: string;
  image: Image;
  rect: Rect;
  onChange: (rect: Rect) => void;
  onDone: () => void;
}

export function CropPane({ dataset, image, rect, onChange, onDone }: CropPaneProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const change = useImageChange(dataset, image);
  const width = Math.max(1, Math.round(rect.w * image.width));
  const height = Math.max(1, Math.round(rect.h * image.height));
  const [bucketWidth, bucketHeight] = bucketFor(width, height);
  return (
    <div className={classes.pane}>
      <p className={classes.help}>{t("crop.help")}</p>
      <dl className={classes.figures}>
        <dt>{t("crop.size")}</dt>
        <dd>{`${width} × ${height}`}</dd>
        <dt>{t("crop.bucket")}</dt>
        <dd>
          {`${bucketWidth} × ${bucketHeight}`} <small>{t("crop.example", { resolution: EXAMPLE })}</small>
        </dd>
      </dl>
      {change.isError ? <ErrorNote error={change.error} small /> : null}
      <div className={classes.buttons}>
        <Button loading={change.isPending} onClick={() => change.mutate({ crop: cropOf(rect) }, { onSuccess: onDone })}>
          {t("crop.save")}
        </Button>
        <Button variant="default" onClick={() => onChange(WHOLE)}>
          {t("crop.whole")}
        </Button>
        <Button variant="default" onClick={onDone}>
          {t("common:action.cancel")}
        </Button>
      </div>
    </div>
  );
}

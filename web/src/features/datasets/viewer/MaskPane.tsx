// Beside the picture while its mask is painted: the brush, where to begin from, and the ways out.
import { Button, SegmentedControl, Slider, Text } from "@mantine/core";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import type { Image } from "../api";
import { fileOf } from "../thumbnails";
import { fill, png, read } from "./maskCanvas";
import { useImageChange } from "./useImageChange";
import classes from "./Viewer.module.css";

export interface Brush {
  size: number;
  erasing: boolean;
}

interface MaskPaneProps {
  dataset: string;
  image: Image;
  canvas: RefObject<HTMLCanvasElement | null>;
  brush: Brush;
  onBrush: (brush: Brush) => void;
  onDone: () => void;
}

export function MaskPane({ dataset, image, canvas, brush, onBrush, onDone }: MaskPaneProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const change = useImageChange(dataset, image);
  const save = async () => {
    if (canvas.current) change.mutate({ mask: await png(canvas.current) }, { onSuccess: onDone });
  };
  const fromAlpha = async () => {
    const found = canvas.current && (await read(canvas.current, fileOf(image.id), "alpha").catch(() => false));
    if (!found) announce(t("mask.noAlpha"));
  };
  const all = (counts: boolean) => () => canvas.current && fill(canvas.current, counts);
  return (
    <div className={classes.pane}>
      <p className={classes.help}>{t("mask.help")}</p>
      <SegmentedControl
        aria-label={t("mask.brush")} fullWidth value={brush.erasing ? "erase" : "paint"} data={(["paint", "erase"] as const).map((value) => ({ value, label: t(`mask.${value}`) }))}
        onChange={(value) => onBrush({ ...brush, erasing: value === "erase" })}
      />
      <div>
        <Text size="sm">{t("mask.size")}</Text>
        <Slider
          thumbLabel={t("mask.size")} min={1} max={40} value={Math.round(brush.size * 100)} label={null}
          onChange={(value) => onBrush({ ...brush, size: value / 100 })}
        />
      </div>
      <div className={classes.buttons}>
        <Button variant="default" size="compact-sm" onClick={all(false)}>
          {t("mask.clear")}
        </Button>
        <Button variant="default" size="compact-sm" onClick={all(true)}>
          {t("mask.all")}
        </Button>
        <Button variant="default" size="compact-sm" onClick={() => void fromAlpha()}>
          {t("mask.fromAlpha")}
        </Button>
      </div>
      {change.isError ? <ErrorNote error={change.error} small /> : null}
      <div className={classes.buttons}>
        <Button loading={change.isPending} onClick={() => void save()}>
          {t("mask.save")}
        </Button>
        {image.mask ? (
          <Button variant="default" onClick={() => change.mutate({ mask: null }, { onSuccess: onDone })}>
            {t("mask.delete")}
          </Button>
        ) : null}
        <Button variant="default" onClick={onDone}>
          {t("common:action.cancel")}
        </Button>
      </div>
    </div>
  );
}

// A brush over the picture: painted is what counts in training, the rest stays dark.
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Image } from "../api";
import { fill, read, sizeOf, stroke } from "./maskCanvas";
import classes from "./Viewer.module.css";

interface MaskToolProps {
  image: Image;
  canvas: RefObject<HTMLCanvasElement | null>;
  /** Diameter as a share of the picture's longer side. */
  size: number;
  erasing: boolean;
}

export function MaskTool({ image, canvas, size, erasing }: MaskToolProps) {
  const { t } = useTranslation("datasets");
  const last = useRef<[number, number] | null>(null);
  const [pointer, setPointer] = useState<[number, number] | null>(null);
  const [width, height] = sizeOf(image.width, image.height);

  useEffect(() => {
    if (!canvas.current) return;
    fill(canvas.current, false);
    if (image.mask) read(canvas.current, image.mask, "brightness").catch(() => undefined);
  }, [canvas, image.id, image.mask]);

  const at = (event: React.PointerEvent<HTMLCanvasElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  const paint = (event: React.PointerEvent<HTMLCanvasElement>) => {
    const now = at(event);
    setPointer(now);
    if (!last.current) return;
    stroke(event.currentTarget, last.current, now, size * Math.max(width, height), !erasing);
    last.current = now;
  };
  const share = size * Math.max(width, height);

  return (
    <div className={classes.plane}>
      <canvas
        ref={canvas} width={width} height={height} className={classes.mask} aria-label={t("mask.canvas")} role="img"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = at(event);
          paint(event);
        }}
        onPointerMove={paint}
        onPointerUp={() => (last.current = null)}
        onPointerLeave={() => setPointer(null)}
      />
      {pointer ? (
        <span
          className={classes.brush} aria-hidden="true"
          style={{ left: `${(pointer[0] / width) * 100}%`, top: `${(pointer[1] / height) * 100}%`, width: `${(share / width) * 100}%`, height: `${(share / height) * 100}%` }}
        />
      ) : null}
    </div>
  );
}

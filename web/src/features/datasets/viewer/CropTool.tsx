// A crop drawn over the picture: by drag, by its handles, by keys.
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { between, cropOf, type Handle, HANDLES, moved, type Rect } from "./crop";
import classes from "./Viewer.module.css";

const STEP = 0.01;
const LARGE = 0.05;
const ARROWS: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

interface CropToolProps {
  rect: Rect;
  onChange: (rect: Rect) => void;
}

export function CropTool({ rect, onChange }: CropToolProps) {
  const { t } = useTranslation("datasets");
  const plane = useRef<HTMLDivElement>(null);
  const drag = useRef<{ handle: Handle | null; x: number; y: number; from: Rect } | null>(null);

  /** Where the pointer is, in shares of the picture. */
  const at = (event: React.PointerEvent): [number, number] => {
    const box = plane.current?.getBoundingClientRect();
    return box ? [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height] : [0, 0];
  };
  const start = (handle: Handle | null, event: React.PointerEvent) => {
    event.stopPropagation();
    plane.current?.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    drag.current = { handle, x, y, from: rect };
  };
  const move = (event: React.PointerEvent) => {
    if (!drag.current) return;
    const { handle, x, y, from } = drag.current;
    const [nx, ny] = at(event);
    onChange(handle === null ? between(x, y, nx, ny) : moved(from, handle, nx - x, ny - y));
  };
  const nudge = (handle: Handle, event: React.KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    const by = event.shiftKey ? LARGE : STEP;
    onChange(moved(rect, handle, arrow[0] * by, arrow[1] * by));
  };
  const percent = (share: number) => `${share * 100}%`;

  return (
    <div
      ref={plane} className={classes.plane} data-own-keys onPointerDown={(event) => start(null, event)} onPointerMove={move}
      onPointerUp={() => (drag.current = null)} onPointerCancel={() => (drag.current = null)}
    >
      <div className={classes.crop} style={{ left: percent(rect.x), top: percent(rect.y), width: percent(rect.w), height: percent(rect.h) }}>
        <button type="button" className={classes.inside} aria-label={t("crop.move")} onPointerDown={(event) => start(cropOf(rect) ? "move" : null, event)} onKeyDown={(event) => nudge("move", event)} />
        {HANDLES.map((handle) => (
          <button
            key={handle} type="button" className={classes.handle} data-at={handle} aria-label={t(`crop.handle.${handle}`)}
            onPointerDown={(event) => start(handle, event)} onKeyDown={(event) => nudge(handle, event)}
          />
        ))}
      </div>
    </div>
  );
}

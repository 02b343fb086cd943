// One or two pictures as large as there is room, at the same place and the same nearness.
import { type CSSProperties, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Mode } from "@/features/experiments/grid/address";
import { useZoomGestures } from "@/features/experiments/grid/useZoomGestures";
import type { View } from "@/features/experiments/grid/zoom";
import classes from "@/features/experiments/viewer/Viewer.module.css";

interface Side {
  src: string | null | undefined;
  name: string;
}

interface Props {
  mode: Mode;
  view: View;
  onView: (view: View) => void;
  prompt: string;
  left: Side | undefined;
  right: Side;
}

export function Stage({ mode, view, onView, prompt, left, right }: Props) {
  const { t } = useTranslation("experiments");
  const box = useRef<HTMLDivElement>(null);
  const [edge, setEdge] = useState(50);
  const [ratio, setRatio] = useState(1);
  const [natural, setNatural] = useState(Infinity);
  useZoomGestures(box, view, onView, true);
  const learn = (image: HTMLImageElement) => {
    if (!image.naturalHeight) return;
    setRatio(image.naturalWidth / image.naturalHeight);
    setNatural(image.naturalWidth);
  };
  const show = ({ src, name }: Side) =>
    src ? (
      <img src={src} alt={`${prompt}, ${name}`} draggable={false} data-small={natural < 512 || natural * 0.9 < 512 * view.zoom || undefined} onLoad={(event) => learn(event.currentTarget)} />
    ) : (
      <span className={classes.missing}>{t("grid.waiting")}</span>
    );
  const style = { "--zoom": view.zoom, "--x": view.x, "--y": view.y, "--ratio": ratio, "--edge": `${edge}%` } as CSSProperties;
  if (mode === "beside" || !left) {
    return (
      <div ref={box} className={classes.stage} data-pair={left ? true : undefined} style={style}>
        {[left, right].flatMap((side, n) =>
          side ? [<figure key={n}><div className={classes.room}><div className={classes.frame} data-frame>{show(side)}</div></div><figcaption>{side.name}</figcaption></figure>] : [],
        )}
      </div>
    );
  }
  return (
    <div ref={box} className={classes.stage} style={style}>
      <figure>
        <div className={classes.room}>
          <div className={classes.frame} data-frame data-mode={mode}>
            {show(right)}
            <div className={classes.over}>{show(left)}</div>
            {mode === "wipe" && (
              <>
                <span className={classes.edge} aria-hidden="true" />
                <input
                  type="range" min={0} max={100} step={1} value={edge} className={classes.range} aria-label={t("viewer.edge", { left: left.name, right: right.name })}
                  onChange={(event) => setEdge(event.currentTarget.valueAsNumber)}
                />
              </>
            )}
          </div>
        </div>
        <figcaption>
          <span>{left.name}</span> {mode === "difference" ? t("viewer.differenceHelp") : null} <span>{right.name}</span>
        </figcaption>
      </figure>
    </div>
  );
}

// One picture large, with its caption and how it is used; crop and mask are drawn on it.
import { ActionIcon, Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import type { Image } from "../api";
import { useEditor } from "../editor/useEditor";
import { fileOf } from "../thumbnails";
import { CaptionPane } from "./CaptionPane";
import { rectOf } from "./crop";
import { CropPane } from "./CropPane";
import { CropTool } from "./CropTool";
import { type Brush, MaskPane } from "./MaskPane";
import { MaskTool } from "./MaskTool";
import { UsePane } from "./UsePane";
import classes from "./Viewer.module.css";

const BRUSH: Brush = { size: 0.08, erasing: false };

export function Viewer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["datasets", "common"]);
  const { images, opened, open, activate } = useEditor();
  const small = useMediaQuery("(max-width: 62.5rem)", false, { getInitialValueInEffect: false });
  const found = images.findIndex((image) => image.id === opened);
  const [last, setLast] = useState<Image | null>(null);
  const image = images[found] ?? last;
  if (image && image !== last) setLast(image);
  const go = (by: number) => {
    const next = images[found + by];
    if (!next) return;
    open(next.id);
    activate(next.id);
  };
  if (!image) return null;
  const step = (by: -1 | 1, words: string, icon: React.ReactNode) => (
    <ActionIcon variant="default" size="lg" disabled={!images[found + by]} aria-label={words} title={words} onClick={() => go(by)}>
      {icon}
    </ActionIcon>
  );
  return (
    <Modal
      opened onClose={onClose} size="min(96rem, 97vw)" fullScreen={small} title={<Title image={image} at={found} all={images.length} />}
      closeButtonProps={{ "aria-label": t("common:action.close") }} transitionProps={{ duration: 0 }} yOffset="2.5vh"
    >
      <div className={classes.viewer} data-viewer data-autofocus tabIndex={-1}>
        <Shown key={image.id} image={image} onGone={() => (images[found + 1] ? go(1) : images[found - 1] ? go(-1) : onClose())}>
          <div className={classes.steps}>
            {step(-1, t("viewer.previous"), <IconChevronLeft size={18} />)}
            {step(1, t("viewer.next"), <IconChevronRight size={18} />)}
          </div>
        </Shown>
      </div>
    </Modal>
  );
}

function Title({ image, at, all }: { image: Image; at: number; all: number }) {
  const { bytes, number } = useFormat();
  return (
    <span className={classes.title} aria-live="polite">
      <b>{image.name}</b>
      <small>
        {image.width} × {image.height} · {bytes(image.bytes)} {at >= 0 ? ` · ${number(at + 1)} / ${number(all)}` : ""}
      </small>
    </span>
  );
}

interface ShownProps {
  image: Image;
  onGone: () => void;
  children: React.ReactNode;
}

function Shown({ image, onGone, children }: ShownProps) {
  const { dataset, mode, setMode } = useEditor();
  const [rect, setRect] = useState(() => rectOf(image.crop));
  const [brush, setBrush] = useState(BRUSH);
  const canvas = useRef<HTMLCanvasElement>(null);
  const saved = rectOf(image.crop);
  const done = () => setMode("look");
  return (
    <>
      <div className={classes.stage}>
        <div className={classes.frame} style={{ "--ratio": image.width / image.height } as React.CSSProperties}>
          <img src={image.thumbnail} alt="" className={classes.picture} aria-hidden="true" />
          <img src={fileOf(image.id)} alt={image.caption ?? image.name} className={classes.picture} draggable={false} />
          {mode === "crop" ? <CropTool rect={rect} onChange={setRect} /> : null}
          {mode === "mask" ? <MaskTool image={image} canvas={canvas} {...brush} /> : null}
          {mode === "look" && image.crop ? (
            <span className={classes.cropped} style={{ left: `${saved.x * 100}%`, top: `${saved.y * 100}%`, width: `${saved.w * 100}%`, height: `${saved.h * 100}%` }} />
          ) : null}
          {mode === "look" && image.mask ? <img src={image.mask} alt="" className={classes.veil} /> : null}
        </div>
        {mode === "look" ? children : null}
      </div>
      <div className={classes.side}>
        {mode === "crop" ? <CropPane dataset={dataset.id} image={image} rect={rect} onChange={setRect} onDone={done} /> : null}
        {mode === "mask" ? <MaskPane dataset={dataset.id} image={image} canvas={canvas} brush={brush} onBrush={setBrush} onDone={done} /> : null}
        {mode === "look" ? (
          <>
            <CaptionPane image={image} />
            <UsePane image={image} onRemove={onGone} />
          </>
        ) : null}
      </div>
    </>
  );
}

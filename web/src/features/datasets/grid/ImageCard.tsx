// One picture of a data set: to look at, to choose, to describe.
import { IconEyeOff, IconMask } from "@tabler/icons-react";
import { memo, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Picture } from "@/components/Picture";
import { useFormat } from "@/lib/useFormat";
import type { Image } from "../api";
import type { Wish } from "../editor/useEditor";
import { CaptionField } from "./CaptionField";
import classes from "./ImageCard.module.css";

interface ImageCardProps {
  dataset: string;
  image: Image;
  readOnly: boolean;
  selected: boolean;
  active: boolean;
  wish: Wish | null;
  onActivate: (image: string, part?: Wish["part"]) => void;
  onToggle: (image: string, range: boolean) => void;
  onOpen: (image: string) => void;
}

export const ImageCard = memo(function ImageCard({ dataset, image, readOnly, selected, active, wish, onActivate, onToggle, onOpen }: ImageCardProps) {
  const { t } = useTranslation("datasets");
  const { bytes } = useFormat();
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!wish) return;
    if (document.querySelector("[data-viewer]")) return;
    const wanted = wish.part === "caption" ? "textarea" : "[data-card]";
    card.current?.querySelector<HTMLElement>(wanted)?.focus({ preventScroll: true });
  }, [wish]);
  return (
    <article ref={card} className={classes.card} aria-label={image.name} data-selected={selected || undefined} data-active={active || undefined}>
      <button
        type="button" data-card className={classes.open} aria-label={t("grid.open", { name: image.name })}
        onClick={(event) => {
          if (event.shiftKey || event.ctrlKey || event.metaKey) return readOnly ? undefined : onToggle(image.id, event.shiftKey);
          onActivate(image.id);
          onOpen(image.id);
        }}
      >
        <Picture src={image.thumbnail} alt="" fit="contain" />
      </button>
      {image.held_out || image.mask || image.repeats > 1 ? <Marks image={image} /> : null}
      <div className={classes.facts}>
        <span className={classes.name} title={image.name}>
          {image.name.split("/").pop()}
        </span>
        <span className={classes.size} title={bytes(image.bytes)}>
          {image.width} × {image.height}
        </span>
      </div>
      <div onFocus={() => (active ? undefined : onActivate(image.id, "caption"))}>
        <CaptionField dataset={dataset} image={image} readOnly={readOnly} />
      </div>
      {readOnly ? null : (
        <label className={classes.check}>
          <input
            type="checkbox" checked={selected} aria-label={t("select.one", { name: image.name })}
            onClick={(event) => onToggle(image.id, event.shiftKey)} onChange={() => undefined}
          />
        </label>
      )}
    </article>
  );
});

/** How it is used, where that is out of the ordinary. */
function Marks({ image }: { image: Image }) {
  const { t } = useTranslation("datasets");
  return (
    <span className={classes.marks}>
      {image.held_out ? (
        <span title={t("filter.held_out")}>
          <IconEyeOff size={14} aria-label={t("filter.held_out")} />
        </span>
      ) : null}
      {image.mask ? (
        <span title={t("mask.there")}>
          <IconMask size={14} aria-label={t("mask.there")} />
        </span>
      ) : null}
      {image.repeats > 1 ? <span title={t("image.repeats")}>×{image.repeats}</span> : null}
    </span>
  );
}

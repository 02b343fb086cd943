// The pictures, as many columns as fit; only the rows that are seen exist, so five thousand scroll like twenty.
import { useElementSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEditor } from "../editor/useEditor";
import { ImageCard } from "./ImageCard";
import classes from "./ImageGrid.module.css";

const GAP = 16;
/** Name, caption and gap below a picture. */
const WORDS = 26 + 56 + GAP + 8;
/** What header and toolbar cover of the window. */
const COVERED = 190;

interface ImageGridProps {
  size: number;
  onColumns: (columns: number) => void;
}

export function ImageGrid({ size, onColumns }: ImageGridProps) {
  const { t } = useTranslation("datasets");
  const { dataset, images, total, readOnly, selected, active, wish, activate, toggle, open } = useEditor();
  const { ref, width } = useElementSize();
  const [top, setTop] = useState(0);
  const columns = Math.max(width > 260 ? 2 : 1, Math.floor((width + GAP) / (size + GAP)));
  const cell = (width - GAP * (columns - 1)) / columns;
  const rows = useWindowVirtualizer({
    count: width ? Math.ceil(total / columns) : 0,
    estimateSize: () => cell + WORDS,
    overscan: 3,
    scrollMargin: top,
    scrollPaddingStart: COVERED,
    scrollPaddingEnd: GAP,
  });

  useEffect(() => rows.measure(), [rows, cell]);
  useEffect(() => {
    onColumns(columns);
  }, [onColumns, columns]);
  const show = useEffectEvent((id: string) => {
    const at = images.findIndex((image) => image.id === id);
    if (at >= 0) rows.scrollToIndex(Math.floor(at / columns), { align: "auto" });
  });
  useEffect(() => {
    if (wish) show(wish.image);
  }, [wish]);

  const place = (element: HTMLDivElement | null) => {
    if (element) setTop(element.getBoundingClientRect().top + globalThis.scrollY);
  };

  return (
    <div ref={place}>
      <div ref={ref} role="list" aria-label={t("grid.label")} style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((row) => (
          <div
            key={row.key}
            className={classes.row}
            style={{ gridTemplateColumns: `repeat(${columns}, 1fr)`, transform: `translateY(${row.start - rows.options.scrollMargin}px)` }}
          >
            {Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, column) => {
              const image = images[row.index * columns + column];
              return (
                <div key={image?.id ?? column} role="listitem">
                  {image ? (
                    <ImageCard
                      dataset={dataset.id}
                      image={image}
                      readOnly={readOnly}
                      selected={selected.has(image.id)}
                      active={active === image.id}
                      wish={wish?.image === image.id ? wish : null}
                      onActivate={activate}
                      onToggle={toggle}
                      onOpen={open}
                    />
                  ) : (
                    <div className={classes.blank} />
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

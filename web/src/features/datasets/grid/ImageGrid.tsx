// The pictures, as many columns as fit; only the rows that are seen exist, so two thousand scroll like twenty.
import { useElementSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Image } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { useDeleteImage } from "../useDeleteImage";
import { ImageCard } from "./ImageCard";
import classes from "./ImageGrid.module.css";
import { Viewer } from "./Viewer";

const GAP = 16;
/** Name, caption and gap below a picture. */
const WORDS = 26 + 56 + GAP + 8;

interface ImageGridProps {
  dataset: string;
  images: readonly Image[];
  /** How many there will be when all pages are loaded: the scroll bar is right from the start. */
  total: number;
  size: number;
  readOnly: boolean;
}

export function ImageGrid({ dataset, images, total, size, readOnly }: ImageGridProps) {
  const { t } = useTranslation("datasets");
  const { ref, width } = useElementSize();
  const [top, setTop] = useState(0);
  const [opened, setOpened] = useState<string | null>(null);
  const remove = useDeleteImage(dataset);
  const columns = Math.max(width > 260 ? 2 : 1, Math.floor((width + GAP) / (size + GAP)));
  const cell = (width - GAP * (columns - 1)) / columns;
  const rows = useWindowVirtualizer({
    count: width ? Math.ceil(total / columns) : 0,
    estimateSize: () => cell + WORDS,
    overscan: 3,
    scrollMargin: top,
  });

  useEffect(() => rows.measure(), [rows, cell]);

  const place = (element: HTMLDivElement | null) => {
    if (element) setTop(element.getBoundingClientRect().top + globalThis.scrollY);
  };

  return (
    <div ref={place}>
      {remove.isError ? <ErrorNote error={remove.error} small /> : null}
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
                      dataset={dataset}
                      image={image}
                      readOnly={readOnly}
                      onOpen={() => setOpened(image.id)}
                      onDelete={() => remove.mutate(image)}
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
      <Viewer dataset={dataset} images={images} opened={opened} onChange={setOpened} readOnly={readOnly} />
    </div>
  );
}

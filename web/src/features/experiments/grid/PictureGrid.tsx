// The pictures in rows and columns; only those that are seen exist, all of them show the same part.
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Cell, Experiment } from "@/api/types";
import type { Layout } from "@/features/experiments/grid/axes";
import classes from "@/features/experiments/grid/Grid.module.css";
import { HeadCell } from "@/features/experiments/grid/HeadCell";
import { PictureCell } from "@/features/experiments/grid/PictureCell";
import { useGridKeys } from "@/features/experiments/grid/useGridKeys";
import { useHeads } from "@/features/experiments/grid/useHeads";
import { useZoomGestures } from "@/features/experiments/grid/useZoomGestures";
import type { View } from "@/features/experiments/grid/zoom";
import type { ColumnWords } from "@/features/experiments/useColumnWords";
import { isOver } from "@/features/runs/view/progress";

const GAP = 4;
const GROUP = 14;
const SIDE = 184;
const STRIP = 30;
const LINE: Record<string, number> = { column: 42, prompt: 40, seed: 22 };

interface Props {
  experiment: Experiment;
  layout: Layout;
  wordsOf: (column: Experiment["columns"][number]) => ColumnWords;
  size: number;
  view: View;
  onView: (view: View) => void;
  onOpen: (cell: Cell) => void;
}

export function PictureGrid({ experiment, layout, wordsOf, size, view, onView, onOpen }: Props) {
  const { t } = useTranslation("experiments");
  const box = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize();
  const [natural, setNatural] = useState(Infinity);
  const { width: wide, height: high } = experiment.experiment;
  const ratio = wide && high ? wide / high : 1;
  const narrow = width > 0 && width < 600;
  const side = narrow ? 0 : SIDE;
  const strip = narrow ? STRIP : 0;
  const headsOf = useHeads(experiment, wordsOf);
  const across = headsOf(layout.columns, layout.across);
  const down = headsOf(layout.rows, layout.down);
  const top = layout.across.reduce((sum, axis) => sum + (LINE[axis] ?? 0), 10);
  const cellWidth = Math.min(size, narrow ? width - 24 : size);
  const height = Math.round(cellWidth / ratio);

  const columns = useVirtualizer({
    horizontal: true, count: layout.columns.length, getScrollElement: () => box.current, overscan: 2, paddingStart: side, scrollPaddingStart: side,
    estimateSize: (n) => cellWidth + GAP + (across[n]?.begins ? GROUP : 0),
  });
  const rows = useVirtualizer({
    count: layout.rows.length, getScrollElement: () => box.current, overscan: 2, paddingStart: top, scrollPaddingStart: top,
    estimateSize: (n) => height + GAP + strip + (down[n]?.begins ? GROUP : 0),
  });
  const places = [cellWidth, height, strip, side, top, ...across.map((one) => one.begins), ...down.map((one) => one.begins)].join(" ");
  useEffect(() => {
    columns.measure();
    rows.measure();
  }, [columns, rows, places]);

  const keys = useGridKeys({ box, rows, columns, view, onView });
  const dragged = useZoomGestures(box, view, onView);
  const shownRows = rows.getVirtualItems();
  const shownColumns = columns.getVirtualItems();
  const stop = keys.stop(shownRows, shownColumns);
  const waiting = !isOver(experiment.run.state);
  const sharp = cellWidth * view.zoom > natural;

  return (
    <div
      ref={useMergedRef(box, measured)} className={classes.scroll} role="grid" tabIndex={-1} aria-label={t("grid.pictures")}
      aria-rowcount={layout.rows.length + 1} aria-colcount={layout.columns.length + 1} onKeyDown={keys.onKeyDown}
      data-zoomed={view.zoom > 1 || undefined} data-sharp={sharp || undefined}
      style={{ "--zoom": view.zoom, "--x": view.x, "--y": view.y } as CSSProperties}
    >
      <div style={{ position: "relative", width: columns.getTotalSize(), height: rows.getTotalSize() }}>
        <div role="row" aria-rowindex={1} className={classes.header} style={{ height: top }}>
          <span role="columnheader" className={classes.corner} style={{ width: side }}>{down.length > 0 && side > 0 ? "" : null}</span>
          {shownColumns.map((one) => {
            const head = across[one.index];
            return (
              <HeadCell
                key={one.key} role="columnheader" words={head} index={one.index + 2}
                style={{ left: one.start + (head?.begins ? GROUP : 0), width: cellWidth }}
              />
            );
          })}
        </div>
        {shownRows.map((row) => {
          const head = down[row.index];
          const gap = head?.begins ? GROUP : 0;
          return (
            <div key={row.key} role="row" aria-rowindex={row.index + 2} className={classes.row} style={{ top: row.start + gap, height: height + strip }}>
              <HeadCell role="rowheader" words={head} index={1} strip={narrow} style={narrow ? { height: strip, maxWidth: width } : { width: side, height }} />
              {shownColumns.map((column) => {
                const cell = layout.cellAt(row.index, column.index);
                return (
                  <div
                    key={column.key} role="gridcell" aria-colindex={column.index + 2} className={classes.place}
                    style={{ left: column.start + (across[column.index]?.begins ? GROUP : 0), top: strip, width: cellWidth, height }}
                  >
                    <PictureCell
                      cell={cell} label={[down[row.index]?.full, across[column.index]?.full].filter(Boolean).join(", ")} waiting={waiting}
                      at={`${row.index} ${column.index}`} stop={stop.row === row.index && stop.column === column.index}
                      onFocus={keys.onFocus} onOpen={onOpen} onNatural={setNatural} dragged={dragged}
                    />
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

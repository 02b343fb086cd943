/** One uPlot: made once for its series and colours, fed new columns as they come. Steps run along x. */

import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Columns } from "@/features/runs/chart/columns";
import { type Line, optionsOf } from "@/features/runs/chart/options";
import classes from "@/features/runs/chart/Plot.module.css";

interface Props {
  label: string;
  columns: Columns;
  lines: readonly Line[];
  /** In rem. */
  height: number;
  /** Step at which the axis ends. */
  end: number;
  format: (value: number) => string;
  log?: boolean;
  /** Plots with one key share their cursor and their zoom. */
  syncKey: string;
  onCursor?: (step: number | null) => void;
}

export function Plot({ label, columns, lines, height, end, format, log = false, syncKey, onCursor }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(false);
  const endNow = useRef(end);
  const columnsNow = useRef(columns);
  const cursorNow = useRef(onCursor);
  const scheme = useComputedColorScheme("light");

  useEffect(() => {
    cursorNow.current = onCursor;
  });

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf({
        lines, format, log, syncKey,
        width: element.clientWidth,
        height: element.clientHeight,
        xRange: (min, max) => (zoomed.current ? [min, max] : [0, endNow.current]),
        onZoom: (on) => { zoomed.current = on; },
        onCursor: (step) => cursorNow.current?.(step),
      }),
      columnsNow.current as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [lines, format, log, syncKey, scheme]);

  useEffect(() => {
    columnsNow.current = columns;
    endNow.current = end;
    const made = plot.current;
    if (made === null) return;
    if (!zoomed.current) made.setData(columns as uPlot.AlignedData);
    else {
      made.setData(columns as uPlot.AlignedData, false);
      const { min, max } = made.scales.x ?? {};
      if (min != null && max != null) made.setScale("x", { min, max });
    }
  }, [columns, end]);

  return <div ref={box} className={classes.plot} style={{ height: `${height}rem` }} role="img" aria-label={label} />;
}

/** How a plot looks: lines in the page's colours, quiet axes, no legend (the page writes the values itself). */

import type uPlot from "uplot";

export interface Line {
  /** A CSS custom property with a colour. */
  colour: string;
  width?: number;
  alpha?: number;
  /** Points instead of a line. */
  dots?: boolean;
  /** Points on the line: where there are few. */
  marks?: boolean;
  /** Lengths of strokes and gaps, in pixels. */
  dash?: number[];
}

interface Wanted {
  lines: readonly Line[];
  width: number;
  height: number;
  format: (value: number) => string;
  log: boolean;
  syncKey: string;
  xRange: (min: number, max: number) => [number, number];
  onZoom: (on: boolean) => void;
  onCursor: (step: number | null) => void;
}

/** Steps are whole numbers: 1, 2, 5, 10, ... apart. */
const WHOLE = Array.from({ length: 24 }, (_, i) => ([1, 2, 5][i % 3] ?? 1) * 10 ** Math.floor(i / 3));

export function optionsOf(wanted: Wanted): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const rem = Number.parseFloat(style.fontSize) || 16;
  const css = (name: string) => style.getPropertyValue(name).trim() || "#888";
  const grid = { stroke: css("--loom-line"), width: 1 };
  const axis = { stroke: css("--loom-soft"), font: `${0.75 * rem}px system-ui, sans-serif`, grid, ticks: { ...grid, size: 4 } };
  return {
    width: wanted.width,
    height: wanted.height,
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => wanted.xRange(min, max) },
      y: { distr: wanted.log ? 3 : 1 },
    },
    axes: [
      { ...axis, size: 1.75 * rem, incrs: WHOLE, values: (_, splits) => splits.map((step) => step.toLocaleString()) },
      { ...axis, size: 4 * rem, values: (_, splits) => splits.map((value) => (value === null ? "" : wanted.format(value))) },
    ],
    series: [{}, ...wanted.lines.map((line) => seriesOf(line, css))],
    cursor: {
      sync: { key: wanted.syncKey, setSeries: false },
      points: { size: 7 },
      bind: {
        dblclick: (_, __, handler) => (event) => {
          wanted.onZoom(false);
          return handler(event);
        },
      },
    },
    hooks: {
      setSelect: [(plot) => wanted.onZoom(plot.select.width > 0)],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx;
          wanted.onCursor(index == null ? null : (plot.data[0][index] ?? null));
        },
      ],
    },
  };
}

function seriesOf(line: Line, css: (name: string) => string): uPlot.Series {
  const colour = css(line.colour);
  const points = line.dots || line.marks ? { show: true, size: 8, fill: colour, stroke: colour } : { show: false };
  return {
    stroke: colour,
    width: line.dots ? 1 : (line.width ?? 1.5),
    alpha: line.alpha ?? 1,
    ...(line.dash?.length ? { dash: line.dash } : {}),
    spanGaps: true,
    points,
    ...(line.dots ? { paths: () => null } : {}),
  };
}

/** Which way the grid runs: three axes, some of them across, the others down. */
import type { Cell, Column } from "@/api/types";

export const AXES = ["column", "prompt", "seed"] as const;
export type Axis = (typeof AXES)[number];

/** One row or column of the grid: where it stands on the axes that run this way. */
export interface Head {
  key: string;
  at: Partial<Record<Axis, number>>;
  /** How many of its axes, from the outermost, are the same as in the one before it. */
  shared: number;
}

export interface Layout {
  across: readonly Axis[];
  down: readonly Axis[];
  columns: Head[];
  rows: Head[];
  cellAt: (row: number, column: number) => Cell | undefined;
}

export type Shown = Record<Axis, readonly number[]>;

const keyOf = (at: Partial<Record<Axis, number>>): string => AXES.map((axis) => at[axis] ?? "").join("-");

function heads(axes: readonly Axis[], shown: Shown): Head[] {
  let list: Partial<Record<Axis, number>>[] = [{}];
  for (const axis of axes) list = list.flatMap((at) => shown[axis].map((value) => ({ ...at, [axis]: value })));
  return list.map((at, n) => {
    const before = list[n - 1];
    const differs = axes.findIndex((axis) => at[axis] !== before?.[axis]);
    return { key: keyOf(at), at, shared: before === undefined ? 0 : differs };
  });
}

/** Down runs what does not run across: columns outermost, then prompts, then seeds. */
export function layoutOf(cells: readonly Cell[], across: readonly Axis[], shown: Shown): Layout {
  const down = AXES.filter((axis) => !across.includes(axis));
  const places = new Map(cells.map((cell) => [keyOf(cell), cell]));
  const [columns, rows] = [heads(across, shown), heads(down, shown)];
  return {
    across, down, columns, rows,
    cellAt: (row, column) => places.get(keyOf({ ...rows[row]?.at, ...columns[column]?.at })),
  };
}

export const everything = (columns: number, prompts: number, seeds: number): Shown => {
  const upTo = (length: number) => Array.from({ length }, (_, n) => n);
  return { column: upTo(columns), prompt: upTo(prompts), seed: upTo(seeds) };
};

/** The place of a cell in the grid. */
export function placeOf({ rows, columns }: Layout, cell: Cell): { row: number; column: number } | null {
  const holds = ({ at }: Head) => AXES.every((axis) => at[axis] === undefined || at[axis] === cell[axis]);
  const [row, column] = [rows.findIndex(holds), columns.findIndex(holds)];
  return row < 0 || column < 0 ? null : { row, column };
}

/** What a cell is held against first: the base alone, or the first column; for that one the next. */
export function against(columns: readonly Column[], column: number, base: (column: Column) => boolean): number | null {
  const first = columns.find(base) ?? columns[0];
  if (first && first.number !== column) return first.number;
  return columns.find((one) => one.number !== column)?.number ?? null;
}

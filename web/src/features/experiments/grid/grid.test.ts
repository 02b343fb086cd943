import { describe, expect, it } from "vitest";
import type { Cell, Column } from "@/api/types";
import { changedLook, readLook, shownOf, writeLook } from "@/features/experiments/grid/address";
import { against, everything, layoutOf, placeOf } from "@/features/experiments/grid/axes";
import { MOST_ZOOM, panned, WHOLE, zoomed } from "@/features/experiments/grid/zoom";

const [COLUMNS, PROMPTS, SEEDS] = [3, 2, 2];
const cells: Cell[] = Array.from({ length: COLUMNS * PROMPTS * SEEDS }, (_, number) => ({
  number, column: Math.floor(number / 4), prompt: Math.floor(number / 2) % 2, seed: number % 2, there: true, picture: null, text: null, seconds: 0,
}));
const all = everything(COLUMNS, PROMPTS, SEEDS);

describe("axes", () => {
  it("has columns across and prompts by seeds down", () => {
    const layout = layoutOf(cells, ["column"], all);
    expect([layout.columns.length, layout.rows.length]).toEqual([3, 4]);
    expect(layout.rows.map((row) => row.shared)).toEqual([0, 1, 0, 1]);
    expect(layout.cellAt(3, 2)).toMatchObject({ column: 2, prompt: 1, seed: 1 });
  });

  it.each([[["seed"], 2, 6], [["column", "seed"], 6, 2], [["seed", "column"], 6, 2], [["column", "prompt", "seed"], 12, 1]] as const)("turns with %s across", (across, columns, rows) => {
    const layout = layoutOf(cells, across, all);
    expect([layout.columns.length, layout.rows.length]).toEqual([columns, rows]);
    const found = layout.rows.flatMap((_, row) => layout.columns.map((_, column) => layout.cellAt(row, column)?.number));
    expect(new Set(found).size).toBe(cells.length);
  });

  it("shows what is left, and finds a cell in it", () => {
    const layout = layoutOf(cells, ["column"], { ...all, column: [2], seed: [1] });
    expect(layout.cellAt(1, 0)).toMatchObject({ column: 2, prompt: 1, seed: 1 });
    expect(placeOf(layout, cells[11] as Cell)).toEqual({ row: 1, column: 0 });
    expect(placeOf(layout, cells[0] as Cell)).toBeNull();
  });

  it("holds a cell against the base, and the base against another", () => {
    const columns = [0, 1, 2].map((number) => ({ number, candidate: number })) as Column[];
    const isBase = (column: Column) => column.candidate === 1;
    expect(against(columns, 2, isBase)).toBe(1);
    expect(against(columns, 1, isBase)).toBe(0);
    expect(against(columns.slice(0, 1), 0, isBase)).toBeNull();
  });
});

describe("the address", () => {
  it("is empty for the usual look", () => {
    expect(writeLook(new URLSearchParams(), readLook(new URLSearchParams())).toString()).toBe("");
  });

  it("brings back what it was written from, and leaves others alone", () => {
    const look = { across: ["column" as const, "seed" as const], only: { column: [0, 2], prompt: null, seed: [1] }, cell: 7, with: 0, mode: "wipe" as const };
    const params = writeLook(new URLSearchParams("x=1"), look);
    expect(params.get("x")).toBe("1");
    expect(readLook(params)).toEqual(look);
  });

  it("changes one filter and leaves the others", () => {
    const look = changedLook(readLook(new URLSearchParams("column=1&seed=0&across=s")), { only: { seed: null }, cell: 3 });
    expect(look).toMatchObject({ only: { column: [1], prompt: null, seed: null }, cell: 3, across: ["seed"] });
  });

  it("makes the best of nonsense", () => {
    const look = readLook(new URLSearchParams("across=zz&column=a,9&cell=-1&mode=x"));
    expect(look).toMatchObject({ across: ["column"], cell: null, mode: "beside" });
    expect(shownOf(look, all).column).toEqual([0, 1, 2]);
  });
});

describe("zoom", () => {
  it("keeps the point under the pointer", () => {
    const view = zoomed(zoomed(WHOLE, 2, 0.25, 0.75), 2, 0.25, 0.75);
    expect(view.zoom).toBe(4);
    expect(view.x + 0.25 / view.zoom).toBeCloseTo(0.25);
    expect(view.y + 0.75 / view.zoom).toBeCloseTo(0.75);
  });

  it("never shows what is beside the picture", () => {
    expect(zoomed(zoomed(WHOLE, 4, 1, 1), 1 / 8, 0, 0)).toEqual(WHOLE);
    expect(panned({ zoom: 2, x: 0.4, y: 0 }, 1, -1)).toEqual({ zoom: 2, x: 0.5, y: 0 });
    expect(zoomed(WHOLE, 100).zoom).toBe(MOST_ZOOM);
  });
});

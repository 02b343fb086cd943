// The grid by keyboard: arrows walk, with Shift they move what is seen, plus and minus bring it nearer.
import type { Virtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useState } from "react";
import { panned, STEP, type View, WHOLE, zoomed } from "@/features/experiments/grid/zoom";

interface Wanted {
  box: RefObject<HTMLDivElement | null>;
  rows: Virtualizer<HTMLDivElement, Element>;
  columns: Virtualizer<HTMLDivElement, Element>;
  view: View;
  onView: (view: View) => void;
}

interface Place {
  row: number;
  column: number;
}

const ARROWS: Record<string, readonly [row: number, column: number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAN = 0.2;

export function useGridKeys({ box, rows, columns, view, onView }: Wanted) {
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });

  const go = (row: number, column: number) => {
    const place = { row: Math.min(Math.max(row, 0), rows.options.count - 1), column: Math.min(Math.max(column, 0), columns.options.count - 1) };
    rows.scrollToIndex(place.row, { align: "auto" });
    columns.scrollToIndex(place.column, { align: "auto" });
    setActive(place);
    const focus = (left: number) => {
      const cell = box.current?.querySelector<HTMLElement>(`[data-at="${place.row} ${place.column}"]`);
      if (cell) cell.focus({ preventScroll: true });
      else if (left > 0) requestAnimationFrame(() => focus(left - 1));
    };
    focus(8);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) onView(panned(view, arrow[1] * PAN, arrow[0] * PAN));
    else if (arrow) go(active.row + arrow[0], active.column + arrow[1]);
    else if (event.key === "Home") go(active.row, 0);
    else if (event.key === "End") go(active.row, columns.options.count - 1);
    else if (event.key === "+" || event.key === "=") onView(zoomed(view, STEP));
    else if (event.key === "-") onView(zoomed(view, 1 / STEP));
    else if (event.key === "0") onView(WHOLE);
    else return;
    event.preventDefault();
  };

  const onFocus = useCallback((at: string) => {
    const [row = 0, column = 0] = at.split(" ").map(Number);
    setActive((before) => (before.row === row && before.column === column ? before : { row, column }));
  }, []);

  /** Where the tab key stops: where one was last, or what is seen first. */
  const stop = (shownRows: readonly { index: number }[], shownColumns: readonly { index: number }[]): Place => ({
    row: (shownRows.find((one) => one.index === active.row) ?? shownRows[0])?.index ?? 0,
    column: (shownColumns.find((one) => one.index === active.column) ?? shownColumns[0])?.index ?? 0,
  });

  return { onKeyDown, onFocus, stop };
}

// One picture of the grid; the place of one that is not there yet.
import { memo, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { Cell } from "@/api/types";
import classes from "@/features/experiments/grid/Grid.module.css";

interface Props {
  cell: Cell | undefined;
  /** What it is, in words. */
  label: string;
  /** Whether it may still come. */
  waiting: boolean;
  /** "row column". */
  at: string;
  /** Whether the tab key stops here. */
  stop: boolean;
  onFocus: (at: string) => void;
  onOpen: (cell: Cell) => void;
  onNatural: (width: number) => void;
  /** Whether the last press was a drag: then it opens nothing. */
  dragged: RefObject<boolean>;
}

export const PictureCell = memo(function PictureCell({ cell, label, waiting, at, stop, onFocus, onOpen, onNatural, dragged }: Props) {
  const { t } = useTranslation("experiments");
  const there = cell?.there && cell.picture;
  return (
    <button
      type="button" className={classes.cell} data-at={at} data-cell={cell?.number} tabIndex={stop ? 0 : -1} data-blank={!there || undefined} data-waiting={(!there && waiting) || undefined}
      aria-label={there ? label : `${label}: ${t(waiting ? "grid.waiting" : "grid.missing")}`} aria-disabled={!there || undefined}
      onFocus={() => onFocus(at)} onClick={() => cell && there && !dragged.current && onOpen(cell)}
    >
      {there ? (
        <img src={cell.picture ?? ""} alt="" loading="lazy" decoding="async" draggable={false} onLoad={(event) => onNatural(event.currentTarget.naturalWidth || Infinity)} />
      ) : null}
    </button>
  );
});

// Answers side by side, a row a question; what differs from a chosen column is marked.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Cell, Experiment } from "@/api/types";
import { alike, wordDiff } from "@/components/diff";
import { WordDiff } from "@/components/WordDiff";
import type { Layout } from "@/features/experiments/grid/axes";
import classes from "@/features/experiments/grid/Grid.module.css";
import { useHeads } from "@/features/experiments/grid/useHeads";
import type { ColumnWords } from "@/features/experiments/useColumnWords";
import { isOver } from "@/features/runs/view/progress";

/** What has less in common is wholly new: to mark all of it would mark nothing. */
const LEAST_ALIKE = 0.25;

interface Props {
  experiment: Experiment;
  layout: Layout;
  wordsOf: (column: Experiment["columns"][number]) => ColumnWords;
  /** The column whose answers the others are held against. */
  against: number | null;
}

export function TextGrid({ experiment, layout, wordsOf, against }: Props) {
  const { t } = useTranslation("experiments");
  const box = useRef<HTMLDivElement>(null);
  const headsOf = useHeads(experiment, wordsOf);
  const across = headsOf(layout.columns, layout.across);
  const down = headsOf(layout.rows, layout.down);
  const rows = useVirtualizer({ count: layout.rows.length, getScrollElement: () => box.current, overscan: 3, estimateSize: () => 180 });
  const other = (cell: Cell) => experiment.cells.find((one) => one.column === against && one.prompt === cell.prompt && one.seed === cell.seed);
  const waiting = !isOver(experiment.run.state);
  const said = (cell: Cell | undefined) => {
    if (!cell?.there || cell.text == null) return <span className={classes.quiet}>{t(waiting ? "grid.waiting" : "grid.missing")}</span>;
    if (cell.text === "") return <span className={classes.quiet}>{t("texts.silent")}</span>;
    const before = cell.column === against ? undefined : other(cell)?.text;
    if (!before || alike(wordDiff(before, cell.text)) < LEAST_ALIKE) return cell.text;
    return <WordDiff before={before} after={cell.text} />;
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div ref={box} className={classes.scroll} role="table" aria-label={t("grid.answers")} aria-rowcount={layout.rows.length + 1} tabIndex={0} style={{ "--columns": layout.columns.length } as CSSProperties}>
      <div className={classes.sheet}>
        <div role="row" aria-rowindex={1} className={classes.textHeader}>
          {across.map((head, n) => <span key={layout.columns[n]?.key} role="columnheader">{head.full}</span>)}
        </div>
        <div role="rowgroup" style={{ position: "relative", height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <div key={row.key} ref={rows.measureElement} data-index={row.index} role="row" aria-rowindex={row.index + 2} className={classes.textRow} style={{ transform: `translateY(${row.start}px)` }}>
              <div role="rowheader" className={classes.question}>{down[row.index]?.full}</div>
              {layout.columns.map((column, n) => {
                const cell = layout.cellAt(row.index, n);
                return <div key={column.key} role="cell" className={classes.answer} data-against={(cell?.column === against) || undefined}>{said(cell)}</div>;
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

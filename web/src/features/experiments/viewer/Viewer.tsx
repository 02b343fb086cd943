// One cell large beside the same cell of another column: two frames, an edge to wipe, or what differs.
import { ActionIcon, Button, Modal, SegmentedControl, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowsExchange, IconChevronDown, IconChevronLeft, IconChevronRight, IconChevronUp } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Cell, Experiment } from "@/api/types";
import { type LookChange, type Mode, MODES } from "@/features/experiments/grid/address";
import { type Layout, placeOf } from "@/features/experiments/grid/axes";
import { panned, STEP, type View, WHOLE, zoomed } from "@/features/experiments/grid/zoom";
import type { ColumnWords } from "@/features/experiments/useColumnWords";
import { Stage } from "@/features/experiments/viewer/Stage";
import classes from "@/features/experiments/viewer/Viewer.module.css";
import { useFormat } from "@/lib/useFormat";

interface Props {
  experiment: Experiment;
  layout: Layout;
  cell: Cell;
  /** The column that the cell is held against. */
  partner: number | null;
  mode: Mode;
  wordsOf: (column: Experiment["columns"][number]) => ColumnWords;
  onLook: (change: LookChange) => void;
  onClose: () => void;
}

const ARROWS: Record<string, readonly [row: number, column: number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const STEPS = [
  { row: 0, column: -1, words: "left", Icon: IconChevronLeft },
  { row: 0, column: 1, words: "right", Icon: IconChevronRight },
  { row: -1, column: 0, words: "up", Icon: IconChevronUp },
  { row: 1, column: 0, words: "down", Icon: IconChevronDown },
] as const;

export function Viewer({ experiment, layout, cell, partner, mode, wordsOf, onLook, onClose }: Props) {
  const { t } = useTranslation(["experiments", "common"]);
  const { percent } = useFormat();
  const small = useMediaQuery("(max-width: 48rem)", false, { getInitialValueInEffect: false });
  const [view, setView] = useState<View>(WHOLE);
  const { columns, cells, experiment: asked } = experiment;
  useBackInGrid(cell.number);
  const place = placeOf(layout, cell);
  const nameOf = (number: number) => (columns[number] ? wordsOf(columns[number]).full : "");
  const other = partner === null || partner === cell.column ? undefined : cells.find((one) => one.column === partner && one.prompt === cell.prompt && one.seed === cell.seed);
  const next = (row: number, column: number) => (place ? layout.cellAt(place.row + row, place.column + column) : undefined);
  const go = (row: number, column: number) => {
    const found = next(row, column);
    if (found) onLook({ cell: found.number });
  };
  const swap = () => other && onLook({ cell: other.number, with: cell.column });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest("input, [role=listbox], [role=radiogroup]")) return;
    const arrow = ARROWS[event.key];
    const chosen = MODES[Number(event.key) - 1];
    if (arrow && event.shiftKey) setView(panned(view, arrow[1] * 0.2, arrow[0] * 0.2));
    else if (arrow) go(...arrow);
    else if (event.key === "+" || event.key === "=") setView(zoomed(view, STEP));
    else if (event.key === "-") setView(zoomed(view, 1 / STEP));
    else if (event.key === "0") setView(WHOLE);
    else if (event.key === "x") swap();
    else if (chosen) onLook({ mode: chosen });
    else return;
    event.preventDefault();
  };

  return (
    <Modal
      opened onClose={onClose} fullScreen={small} size="min(110rem, 98vw)" yOffset="1vh" transitionProps={{ duration: 0 }} closeButtonProps={{ "aria-label": t("common:action.close") }}
      title={<span className={classes.title} aria-live="polite"><b>{asked.prompts[cell.prompt]}</b> <small>{t("seed", { seed: asked.seeds[cell.seed] })}</small></span>}
    >
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys that hold wherever one is in the dialog */}
      <div className={classes.viewer} data-autofocus tabIndex={-1} onKeyDown={onKeyDown}>
        <div className={classes.tools}>
          <SegmentedControl
            size="xs" aria-label={t("viewer.mode")} value={mode} data={MODES.map((value) => ({ value, label: t(`viewer.${value}`) }))} disabled={!other}
            onChange={(value) => onLook({ mode: MODES.find((one) => one === value) ?? "beside" })}
          />
          <Select
            size="xs" aria-label={t("viewer.with")} value={partner === null ? null : String(partner)} placeholder={t("viewer.with")} comboboxProps={{ withinPortal: true }} className={classes.with}
            data={columns.filter((column) => column.number !== cell.column).map((column) => ({ value: String(column.number), label: t("viewer.against", { name: nameOf(column.number) }) }))}
            onChange={(value) => value !== null && onLook({ with: Number(value) })}
          />
          <ActionIcon variant="default" aria-label={t("viewer.swap")} title={t("viewer.swap")} disabled={!other} onClick={swap}><IconArrowsExchange size={16} /></ActionIcon>
          <Button size="compact-sm" variant="default" aria-label={`${percent(view.zoom)} · ${t("grid.whole")}`} onClick={() => setView(WHOLE)}>{percent(view.zoom)}</Button>
          <div className={classes.steps} role="group" aria-label={t("viewer.steps")}>
            {STEPS.map(({ row, column, words, Icon }) => (
              <ActionIcon key={words} variant="default" aria-label={t(`viewer.${words}`)} title={t(`viewer.${words}`)} disabled={!next(row, column)} onClick={() => go(row, column)}>
                <Icon size={16} />
              </ActionIcon>
            ))}
          </div>
        </div>
        <Stage
          mode={mode} view={view} onView={setView} prompt={asked.prompts[cell.prompt] ?? ""}
          right={{ src: cell.picture, name: nameOf(cell.column) }} left={other && { src: other.picture, name: nameOf(other.column) }}
        />
        <p className={classes.hint}>{t("viewer.hint")}</p>
      </div>
    </Modal>
  );
}

/** Once it is closed, the keyboard is where the last cell is in the grid. */
function useBackInGrid(number: number): void {
  const last = useRef(number);
  useEffect(() => {
    last.current = number;
  }, [number]);
  useEffect(() => () => void setTimeout(() => document.querySelector<HTMLElement>(`[data-cell="${last.current}"]`)?.focus()), []);
}

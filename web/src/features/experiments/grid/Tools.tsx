// Above the grid: which way it runs, what is left out, how large and how near.
import { ActionIcon, Button, Menu, Select, Slider } from "@mantine/core";
import { IconFilter, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Experiment } from "@/api/types";
import type { Look, LookChange } from "@/features/experiments/grid/address";
import { AXES, type Axis, type Shown } from "@/features/experiments/grid/axes";
import classes from "@/features/experiments/grid/Grid.module.css";
import { SIZES } from "@/features/experiments/grid/useCellSize";
import { STEP, type View, WHOLE, zoomed } from "@/features/experiments/grid/zoom";
import { useColumnWords } from "@/features/experiments/useColumnWords";
import { useFormat } from "@/lib/useFormat";

interface Props {
  experiment: Experiment;
  look: Look;
  onLook: (change: LookChange) => void;
  all: Shown;
  size: number;
  onSize: (size: number) => void;
  view: View;
  onView: (view: View) => void;
}

export function Tools({ experiment, look, onLook, all, size, onSize, view, onView }: Props) {
  const { t } = useTranslation("experiments");
  const { percent } = useFormat();
  const { columns, experiment: asked } = experiment;
  const wordsOf = useColumnWords(asked);
  const texts = asked.kind === "texts";
  const names: Record<Axis, string[]> = {
    column: columns.map((column) => wordsOf(column).full),
    prompt: [...asked.prompts],
    seed: asked.seeds.map((seed) => t("seed", { seed })),
  };
  const several = AXES.filter((axis) => all[axis].length > 1);
  const titleOf = (axis: Axis) => t(axis === "prompt" && texts ? "axis.question" : `axis.${axis}`);
  const turn = (axis: Axis) => {
    const next = look.across.includes(axis) ? look.across.filter((one) => one !== axis) : [...look.across, axis];
    if (next.length > 0) onLook({ across: next });
  };
  return (
    <div className={classes.tools}>
      {several.length > 1 && (
        <div role="group" aria-label={t("grid.across")} className={classes.group}>
          <span className={classes.toolLabel}>{t("grid.across")}</span>
          <Button.Group>
            {several.map((axis) => {
              const on = look.across.includes(axis);
              return <Button key={axis} size="compact-sm" variant={on ? "light" : "default"} aria-pressed={on} onClick={() => turn(axis)}>{titleOf(axis)}</Button>;
            })}
          </Button.Group>
        </div>
      )}
      <div role="group" aria-label={t("grid.only")} className={classes.group}>
        {several.map((axis) => (
          <Filter key={axis} title={titleOf(axis)} names={names[axis]} only={look.only[axis]} onOnly={(only) => onLook({ only: { [axis]: only } })} />
        ))}
      </div>
      {texts ? (
        <Select
          aria-label={t("texts.against")} placeholder={t("texts.against")} clearable size="xs" className={classes.against} value={look.with === null ? null : String(look.with)}
          data={columns.map((column) => ({ value: String(column.number), label: t("texts.differsFrom", { name: wordsOf(column).full }) }))}
          onChange={(value) => onLook({ with: value === null ? null : Number(value) })}
        />
      ) : (
        <>
          <div className={classes.size}>
            <span className={classes.toolLabel}>{t("grid.size")}</span>
            <Slider thumbLabel={t("grid.size")} size="sm" label={null} min={SIZES.least} max={SIZES.most} step={16} value={size} onChange={onSize} />
          </div>
          <div role="group" aria-label={t("grid.zoom")} className={classes.group} title={t("grid.zoomHint")}>
            <ActionIcon variant="default" aria-label={t("grid.out")} disabled={view.zoom === 1} onClick={() => onView(zoomed(view, 1 / STEP))}><IconZoomOut size={16} /></ActionIcon>
            <Button size="compact-sm" variant="default" className={classes.percent} aria-label={`${percent(view.zoom)} · ${t("grid.whole")}`} onClick={() => onView(WHOLE)}>{percent(view.zoom)}</Button>
            <ActionIcon variant="default" aria-label={t("grid.in")} onClick={() => onView(zoomed(view, STEP))}><IconZoomIn size={16} /></ActionIcon>
          </div>
        </>
      )}
    </div>
  );
}

interface FilterProps {
  title: string;
  names: readonly string[];
  /** Null: all. */
  only: readonly number[] | null;
  onOnly: (only: number[] | null) => void;
}

function Filter({ title, names, only, onOnly }: FilterProps) {
  const { t } = useTranslation("experiments");
  const shown = only?.length ? only : names.map((_, n) => n);
  const flip = (n: number) => {
    const next = names.map((_, at) => at).filter((at) => (at === n) !== shown.includes(at));
    onOnly(next.length === 0 || next.length === names.length ? null : next);
  };
  const count = only?.length ? t("grid.some", { title, shown: only.length, all: names.length }) : title;
  return (
    <Menu closeOnItemClick={false} withinPortal position="bottom-start">
      <Menu.Target>
        <Button size="compact-sm" variant={only?.length ? "light" : "default"} leftSection={<IconFilter size={14} />} aria-label={t("grid.filter", { title: count })}>{count}</Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} maw={380} style={{ overflowY: "auto" }}>
        {only?.length ? <Menu.Item onClick={() => onOnly(null)}>{t("grid.showAll")}</Menu.Item> : null}
        {names.map((name, n) => <Menu.CheckboxItem key={n} checked={shown.includes(n)} onChange={() => flip(n)}>{name}</Menu.CheckboxItem>)}
      </Menu.Dropdown>
    </Menu>
  );
}

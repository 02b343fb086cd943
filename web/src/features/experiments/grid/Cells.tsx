// The grid with its tools: axes, filters, size, zoom; pictures or answers; and one of them large.
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Cell, Experiment } from "@/api/types";
import { shownOf } from "@/features/experiments/grid/address";
import { against, everything, layoutOf } from "@/features/experiments/grid/axes";
import classes from "@/features/experiments/grid/Grid.module.css";
import { PictureGrid } from "@/features/experiments/grid/PictureGrid";
import { TextGrid } from "@/features/experiments/grid/TextGrid";
import { Tools } from "@/features/experiments/grid/Tools";
import { useCellSize } from "@/features/experiments/grid/useCellSize";
import { useLook } from "@/features/experiments/grid/useLook";
import { type View, WHOLE } from "@/features/experiments/grid/zoom";
import { Viewer } from "@/features/experiments/viewer/Viewer";
import { useColumnWords } from "@/features/experiments/useColumnWords";

export function Cells({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation("experiments");
  const [look, setLook] = useLook();
  const [size, setSize] = useCellSize();
  const [view, setView] = useState<View>(WHOLE);
  const { columns, cells, experiment: asked } = experiment;
  const wordsOf = useColumnWords(asked);
  const texts = asked.kind === "texts";
  const all = everything(columns.length, asked.prompts.length, asked.seeds.length);
  const shown = shownOf(look, all);
  const said = JSON.stringify([look.across, shown]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- `said` is `look.across` and `shown` by value
  const layout = useMemo(() => layoutOf(cells, look.across, shown), [cells, said]);
  const partner = look.with;
  const open = useCallback(
    (cell: Cell) => {
      const first = against(columns, cell.column, ({ candidate }) => asked.candidates[candidate]?.what === "base");
      setLook({ cell: cell.number, with: partner === null || partner === cell.column ? first : partner });
    },
    [columns, asked, partner, setLook],
  );
  const opened = cells.find((cell) => cell.number === look.cell);
  return (
    <section aria-label={t("grid.label")} className={classes.cells}>
      <Tools experiment={experiment} look={look} onLook={setLook} all={all} size={size} onSize={setSize} view={view} onView={setView} />
      {texts ? (
        <TextGrid experiment={experiment} layout={layout} wordsOf={wordsOf} against={look.with} />
      ) : (
        <PictureGrid experiment={experiment} layout={layout} wordsOf={wordsOf} size={size} view={view} onView={setView} onOpen={open} />
      )}
      {opened && !texts && (
        <Viewer
          experiment={experiment} layout={layout} cell={opened} partner={look.with} mode={look.mode} wordsOf={wordsOf}
          onLook={setLook} onClose={() => setLook({ cell: null, with: null, mode: "beside" })}
        />
      )}
    </section>
  );
}

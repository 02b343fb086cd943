// What was measured of every column, and what each figure says and cannot say.
import { ActionIcon, Popover } from "@mantine/core";
import { IconHelp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Experiment, Measured, RunState } from "@/api/types";
import { thumbnailOf } from "@/features/datasets/thumbnails";
import classes from "@/features/experiments/beside/Beside.module.css";
import { bestOf, COPY, type Figure, figuresOf } from "@/features/experiments/beside/figures";
import { useColumnWords } from "@/features/experiments/useColumnWords";
import { isOver } from "@/features/runs/view/progress";
import { numbers } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";

export function Measures({ experiment, state }: { experiment: Experiment; state: RunState }) {
  const { t } = useTranslation("experiments");
  const { measured, columns, experiment: asked } = experiment;
  const wordsOf = useColumnWords(asked);
  const figures = figuresOf(measured);
  const best = Object.fromEntries(figures.map((figure) => [figure, bestOf(measured, figure)]));
  const none = asked.measure === false ? "notAsked" : isOver(state) ? "none" : "later";
  return (
    <section aria-labelledby="measures">
      <h2 id="measures">{t("measures.title")}</h2>
      {figures.length === 0 ? (
        <p className={classes.soft}>{t(`measures.${none}`)}</p>
      ) : (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
        <div className={classes.sheet} tabIndex={0} role="region" aria-labelledby="measures">
          <table className={classes.measures}>
            <thead>
              <tr>
                <th scope="col">{t("axis.column")}</th>
                {figures.map((figure) => (
                  <th key={figure} scope="col">
                    <span className={classes.figure}>{t(`figure.${figure}.name`)} <Help figure={figure} /></span>
                    <small>{t(`figure.${figure}.better`)}</small>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {measured.map((one) => (
                <tr key={one.column} data-proposed={experiment.proposal?.column === one.column || undefined}>
                  <th scope="row">{columns[one.column] ? wordsOf(columns[one.column] as Experiment["columns"][number]).full : one.column}</th>
                  {figures.map((figure) => (
                    <td key={figure}><Value figure={figure} measured={one} best={best[figure]?.has(one.column) ?? false} experiment={experiment} /></td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Help({ figure }: { figure: Figure }) {
  const { t } = useTranslation("experiments");
  const name = t(`figure.${figure}.name`);
  return (
    <Popover width={300} withArrow shadow="md" position="bottom">
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("measures.help", { name })}><IconHelp size={15} /></ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={classes.help}>{t(`figure.${figure}.says`)}</p>
        <p className={classes.help}>{t(`figure.${figure}.cannot`)}</p>
      </Popover.Dropdown>
    </Popover>
  );
}

interface ValueProps {
  figure: Figure;
  measured: Measured;
  best: boolean;
  experiment: Experiment;
}

function Value({ figure, measured, best, experiment }: ValueProps) {
  const { t } = useTranslation("experiments");
  const { language } = useFormat();
  const value = measured[figure];
  if (value == null) return <span className={classes.soft}>–</span>;
  const digits = figure === "perplexity" ? 1 : 2;
  const shown = <span className={classes.value} data-best={best || undefined}>{numbers(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)}{best ? <span className={classes.mark}>{t("measures.best")}</span> : null}</span>;
  if (figure !== "nearest") return shown;
  const cell = experiment.cells.find((one) => one.number === measured.nearest_cell);
  const copied = value >= COPY;
  return (
    <span className={classes.near}>
      {shown}
      {cell?.picture && <img src={cell.picture} alt={t("measures.drawn")} loading="lazy" />}
      {measured.nearest_image && <img src={thumbnailOf(measured.nearest_image)} alt={t("measures.trained")} loading="lazy" />}
      {copied && <span className={classes.warn}>{t("measures.copy")}</span>}
    </span>
  );
}

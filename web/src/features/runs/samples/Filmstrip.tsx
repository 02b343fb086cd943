// All samples over time: a row a prompt, a column a step, newest at the right; it follows unless one has scrolled back.
import { type CSSProperties, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Sample } from "@/api/types";
import { Picture } from "@/components/Picture";
import { useFormat } from "@/lib/useFormat";
import type { Film } from "@/features/runs/samples/film";
import type { Side } from "@/features/runs/samples/Samples";
import classes from "@/features/runs/samples/Samples.module.css";

interface Props {
  film: Film<Sample>;
  steps: Record<Side, number>;
  rowIndex: number;
  onPick: (step: number, index: number) => void;
}

export function Filmstrip({ film, steps, rowIndex, onPick }: Props) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);

  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollLeft = box.current.scrollWidth;
  }, [film]);

  const watch = () => {
    const { scrollLeft, clientWidth, scrollWidth } = box.current ?? { scrollLeft: 0, clientWidth: 0, scrollWidth: 0 };
    follows.current = scrollLeft + clientWidth >= scrollWidth - 40;
  };
  const sideOf = (step: number, index: number) => {
    if (index !== rowIndex || film.steps.length < 2) return undefined;
    if (step === steps.left) return "left";
    return step === steps.right ? "right" : undefined;
  };

  return (
    <div ref={box} className={classes.film} onScroll={watch} role="group" aria-label={t("samples.film")}>
      <div className={classes.strip} style={{ "--columns": film.steps.length } as CSSProperties}>
        {film.steps.map((step) => (
          <span key={step} className={classes.step}>{step === 0 ? t("samples.before") : t("samples.step", { step: number(step) })}</span>
        ))}
        {film.rows.map((row) => (
          <div key={row.index} className={classes.row}>
            {film.steps.map((step) => {
              const sample = row.frames.get(step);
              if (sample === undefined) return <span key={step} className={classes.blank}>{t("samples.drawing")}</span>;
              const side = sideOf(step, row.index);
              return (
                <button
                  key={step} type="button" className={classes.cell} data-side={side} aria-pressed={side !== undefined}
                  onClick={() => onPick(step, row.index)}
                >
                  <Picture src={sample.url} alt={t("samples.alt", { prompt: row.prompt, step: number(step) })} fit="contain" />
                  {side && <span className={classes.mark}>{t(`samples.${side}`)}</span>}
                </button>
              );
            })}
            <p className={classes.caption}>{row.prompt}</p>
          </div>
        ))}
      </div>
    </div>
  );
}

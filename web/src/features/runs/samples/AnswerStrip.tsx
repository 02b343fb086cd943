// All answers over time: a row a prompt, a column a step, newest at the right; it follows unless one has scrolled back.
import { VisuallyHidden } from "@mantine/core";
import { type CSSProperties, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/runs/samples/Answers.module.css";
import type { Answer } from "@/features/runs/samples/answers";
import type { Film } from "@/features/runs/samples/film";
import samples from "@/features/runs/samples/Samples.module.css";

interface Props {
  film: Film<Answer>;
  step: number;
  rowIndex: number;
  nameOf: (step: number) => string;
  onPick: (step: number, index: number) => void;
}

export function AnswerStrip({ film, step, rowIndex, nameOf, onPick }: Props) {
  const { t } = useTranslation("runs");
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollLeft = box.current.scrollWidth;
  }, [film]);
  const watch = () => {
    const { scrollLeft, clientWidth, scrollWidth } = box.current ?? { scrollLeft: 0, clientWidth: 0, scrollWidth: 0 };
    follows.current = scrollLeft + clientWidth >= scrollWidth - 40;
  };
  return (
    <div ref={box} className={samples.film} onScroll={watch} role="group" aria-label={t("answers.film")}>
      <div className={classes.strip} style={{ "--columns": film.steps.length } as CSSProperties}>
        {film.steps.map((one) => <span key={one} className={samples.step}>{nameOf(one)}</span>)}
        {film.rows.map((row) => (
          <div key={row.index} className={samples.row}>
            <p className={samples.caption}>{row.prompt}</p>
            {film.steps.map((one) => {
              const answer = row.frames.get(one);
              if (answer === undefined) return <span key={one} className={classes.blank}>{t("answers.missing")}</span>;
              const on = one === step && row.index === rowIndex;
              return (
                <button key={one} type="button" className={classes.cell} aria-pressed={on} onClick={() => onPick(one, row.index)}>
                  <VisuallyHidden>{t("answers.at", { prompt: row.prompt, step: nameOf(one) })}</VisuallyHidden>
                  <span className={classes.words}>{answer.text || t("answers.silent")}</span>
                </button>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

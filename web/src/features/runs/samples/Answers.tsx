// How the answers change while it learns: before training beside a chosen step, what differs marked, and the strip of all steps.
import { Switch } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RunEvent } from "@/api/types";
import { alike, wordDiff } from "@/components/diff";
import { WordDiff } from "@/components/WordDiff";
import classes from "@/features/runs/samples/Answers.module.css";
import { answersOf } from "@/features/runs/samples/answers";
import { AnswerStrip } from "@/features/runs/samples/AnswerStrip";
import { filmOf } from "@/features/runs/samples/film";
import samples from "@/features/runs/samples/Samples.module.css";
import { useFormat } from "@/lib/useFormat";

/** What has less in common is wholly new: to mark all of it would mark nothing. */
const LEAST_ALIKE = 0.25;

export function Answers({ events, over }: { events: readonly RunEvent[]; over: boolean }) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const id = useId();
  const film = useMemo(() => filmOf(answersOf(events)), [events]);
  const [rowIndex, setRowIndex] = useState<number | null>(null);
  /** Null follows the newest. */
  const [picked, setPicked] = useState<number | null>(null);
  const [marked, setMarked] = useState(true);

  const row = film.rows.find((one) => one.index === rowIndex) ?? film.rows[0];
  const first = film.steps[0];
  const newest = film.steps.at(-1);
  if (row === undefined || first === undefined || newest === undefined) return <p className={samples.none}>{t(over ? "answers.none" : "answers.soon")}</p>;
  const step = picked ?? newest;
  const before = row.frames.get(first);
  const after = row.frames.get(step);
  const nameOf = (one: number) => (one === 0 ? t("samples.before") : t("samples.step", { step: number(one) }));
  const choose = (one: number) => setPicked(one === newest ? null : one);
  return (
    <div className={classes.answers}>
      <div className={classes.pair}>
        <div className={classes.prompt}>
          <p id={`${id}-prompt`}>{row.prompt}</p>
          {film.steps.length > 1 && (
            <div className={classes.time}>
              <label htmlFor={`${id}-step`}>{t("answers.step")}</label>
              <input
                id={`${id}-step`} type="range" min={0} max={film.steps.length - 1} step={1} value={film.steps.indexOf(step)} aria-valuetext={nameOf(step)}
                onChange={(event) => choose(film.steps[event.currentTarget.valueAsNumber] ?? newest)}
              />
              <Switch size="sm" label={t("answers.mark")} checked={marked} onChange={(event) => setMarked(event.currentTarget.checked)} />
            </div>
          )}
        </div>
        <figure>
          <figcaption>{nameOf(first)}</figcaption>
          <Said text={before?.text} label={nameOf(first)} />
        </figure>
        {step !== first && (
          <figure data-after>
            <figcaption>{nameOf(step)}</figcaption>
            <Said text={after?.text} before={marked ? before?.text : undefined} label={nameOf(step)} />
          </figure>
        )}
      </div>
      {film.steps.length > 1 || film.rows.length > 1 ? (
        <AnswerStrip
          film={film} step={step} rowIndex={row.index} nameOf={nameOf}
          onPick={(one, index) => {
            choose(one);
            setRowIndex(index);
          }}
        />
      ) : null}
    </div>
  );
}

function Said({ text, before, label }: { text: string | undefined; before?: string; label: string }) {
  const { t } = useTranslation("runs");
  const words = () => {
    if (text === undefined) return <span className={samples.seed}>{t("answers.missing")}</span>;
    if (text === "") return <span className={samples.seed}>{t("answers.silent")}</span>;
    if (before === undefined || alike(wordDiff(before, text)) < LEAST_ALIKE) return text;
    return <WordDiff before={before} after={text} />;
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard
    <div className={classes.said} role="region" aria-label={label} tabIndex={0}>{words()}</div>
  );
}

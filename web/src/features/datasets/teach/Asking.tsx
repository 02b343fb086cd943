// One picture and what it may be; a digit answers, Enter agrees with the likeliest.
import { Button, SegmentedControl } from "@mantine/core";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import type { Labelling } from "../api";
import { EXISTING, type Existing } from "../captioning/job";
import { isTaken, isTyping } from "../keys";
import { fileOf } from "../thumbnails";
import { type Asked, nextOf, offered } from "./next";
import type { Answer } from "./TeachDialog";
import classes from "./Teach.module.css";

interface AskingProps {
  state: Labelling;
  onAnswer: (answer: Answer) => void;
  onChoose: () => void;
  onApply: (existing: Existing) => void;
  applying: boolean;
}

export function Asking({ state, onAnswer, onChoose, onApply, applying }: AskingProps) {
  const { t } = useTranslation("datasets");
  const { percent } = useFormat();
  const [passed, setPassed] = useState<ReadonlySet<string>>(new Set());
  const [given, setGiven] = useState<readonly Asked[]>([]);
  const [shown, setShown] = useState<Asked | null>(null);
  const [existing, setExisting] = useState<Existing>("keep");
  const current = nextOf(state.queue, shown, passed);
  if (current !== shown) setShown(current);
  const choices = current ? offered(state.labels, current) : [];
  const likeliest = choices.reduce<string | null>((best, { label, p }) => (p > (choices.find((one) => one.label === best)?.p ?? 0) ? label : best), null);

  const pass = (image: string) => setPassed(new Set([...passed, image]));
  const answer = (label: string | null) => {
    if (!current) return;
    onAnswer({ image: current.image.id, label });
    setGiven([...given, current]);
    pass(current.image.id);
  };
  const undo = () => {
    const last = given.at(-1);
    if (!last) return;
    onAnswer({ image: last.image.id, label: undefined });
    setGiven(given.slice(0, -1));
    setPassed(new Set([...passed].filter((id) => id !== last.image.id)));
    setShown(last);
  };

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (isTaken(event) || isTyping(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const chosen = /^[1-9]$/.test(event.key) ? choices[Number(event.key) - 1]?.label : event.key === "Enter" ? likeliest : null;
    if (chosen) answer(chosen);
    else if (event.key === "0") answer(null);
    else if (event.key === "s" && current) pass(current.image.id);
    else if (event.key === "u") undo();
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);

  return (
    <div className={classes.asking}>
      <div className={classes.stage}>
        {current ? (
          <>
            <img key={`small ${current.image.id}`} src={current.image.thumbnail} alt="" aria-hidden="true" />
            <img key={current.image.id} src={fileOf(current.image.id)} alt={current.image.name} />
          </>
        ) : (
          <p>{t("teach.allDone")}</p>
        )}
      </div>
      <div className={classes.side}>
        <div role="status" className={classes.state}>
          <b>{t("teach.answered", { count: state.answered })}</b>
          <span>{state.worth ? t("teach.worth", { count: state.worth }) : t("teach.enough")}</span>
          <span>{state.answered === 0 ? "" : t("teach.agreement", { share: percent(state.agreement) })}</span>
        </div>
        <ol className={classes.choices}>
          {choices.map(({ label, p }, at) => (
            <li key={label}>
              <button type="button" data-likely={label === likeliest || undefined} onClick={() => answer(label)}>
                <span className={classes.likely} style={{ width: `${p * 100}%` }} aria-hidden="true" />
                <kbd aria-hidden="true">{at < 9 ? at + 1 : ""}</kbd>
                <span>{label}</span>
                <small>{p > 0 ? percent(p) : ""}</small>
              </button>
            </li>
          ))}
        </ol>
        <div className={classes.buttons}>
          <Button variant="default" size="compact-sm" disabled={!current} onClick={() => answer(null)}>
            {t("teach.none")} (0)
          </Button>
          <Button variant="default" size="compact-sm" disabled={!current} onClick={() => current && pass(current.image.id)}>
            {t("teach.skip")} (S)
          </Button>
          <Button variant="default" size="compact-sm" disabled={!given.length} onClick={undo}>
            {t("teach.undo")} (U)
          </Button>
          <Button variant="default" size="compact-sm" onClick={onChoose}>
            {t("teach.change")}
          </Button>
        </div>
        <div>
          <span className={classes.note} id="existing">
            {t("captions.existing")}
          </span>
          <SegmentedControl
            aria-labelledby="existing" size="xs" fullWidth value={existing} data={EXISTING.map((value) => ({ value, label: t(`captions.do.${value}`) }))} onChange={setExisting}
          />
        </div>
        <Button variant={state.worth ? "default" : "filled"} disabled={!state.answered} loading={applying} onClick={() => onApply(existing)}>
          {t("teach.apply", { count: state.total })}
        </Button>
        <p className={classes.note}>{t("teach.applyHelp")}</p>
      </div>
    </div>
  );
}

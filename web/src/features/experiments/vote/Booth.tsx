// One pair to judge: by pressing it, by the buttons, by the arrow keys.
import { Button, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Ballot, Cell } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { useVote, type Winner } from "@/features/experiments/queries";
import classes from "@/features/experiments/vote/Vote.module.css";
import { useFormat } from "@/lib/useFormat";

const KEYS: Record<string, Winner> = { ArrowLeft: "left", ArrowRight: "right", "=": "tie", ArrowDown: "tie" };

export function Booth({ id, ballot }: { id: string; ballot: Ballot }) {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const vote = useVote(id);
  const { left, right, prompt } = ballot;
  const [chosen, setChosen] = useState<Winner | null>(null);
  const say = (winner: Winner) => {
    if (!left || !right || vote.isPending) return;
    setChosen(winner);
    vote.mutate({ left: left.number, right: right.number, winner }, { onSettled: () => setChosen(null) });
  };
  const press = useEffectEvent((event: KeyboardEvent) => {
    const winner = KEYS[event.key];
    if (!winner || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    say(winner);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  }, []);
  if (!left || !right) return null;
  const side = (which: "left" | "right", cell: Cell) => (
    <button
      type="button" className={classes.side} data-chosen={chosen === which || undefined} data-texts={cell.text != null || undefined}
      aria-label={cell.text == null ? t(`vote.${which}`) : undefined} aria-disabled={vote.isPending || undefined} onClick={() => say(which)}
    >
      {cell.text == null ? <Shown key={cell.number} src={cell.picture} /> : <span className={classes.text}><VisuallyHidden>{t(`vote.${which}`)}: </VisuallyHidden>{cell.text || t("texts.silent")}</span>}
    </button>
  );
  return (
    <div className={classes.booth}>
      <p className={classes.prompt}>{prompt}</p>
      <div className={classes.pair}>
        {side("left", left)}
        {side("right", right)}
      </div>
      <div className={classes.buttons}>
        <Button size="md" variant="default" leftSection={<IconArrowLeft size={18} />} onClick={() => say("left")}>{t("vote.leftShort")}</Button>
        <Button size="md" variant="default" leftSection={<IconArrowDown size={18} />} onClick={() => say("tie")}>{t("vote.tie")}</Button>
        <Button size="md" variant="default" rightSection={<IconArrowRight size={18} />} onClick={() => say("right")}>{t("vote.rightShort")}</Button>
      </div>
      <p className={classes.hint}>{t("vote.hint")}</p>
      <VisuallyHidden role="status">{t("vote.progress", { done: number(ballot.done), total: number(ballot.total) })}</VisuallyHidden>
      {vote.error && <ErrorNote error={vote.error} small />}
    </div>
  );
}

/** As large as there is room; small ones show their pixels. */
function Shown({ src }: { src: string | null | undefined }) {
  const { t } = useTranslation("common");
  const [failed, setFailed] = useState(false);
  const [small, setSmall] = useState(false);
  if (!src || failed) return <span className={classes.missing}>{t("picture.missing")}</span>;
  return <img src={src} alt="" draggable={false} data-small={small || undefined} onLoad={(event) => setSmall(event.currentTarget.naturalWidth < 384)} onError={() => setFailed(true)} />;
}

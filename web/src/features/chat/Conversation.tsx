// What was said so far: each question once, and below it the answers side by side. It follows the newest unless one has scrolled back.
import { VisuallyHidden } from "@mantine/core";
import { useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/errors";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { useFormat } from "@/lib/useFormat";
import { formatFacts } from "@/lib/format";
import { isOpen, type Said, type Speaker, SPEAKERS, type Turn } from "./chat";
import classes from "./Chat.module.css";

interface Props {
  turns: readonly Turn[];
  busy: boolean;
  onRetry: () => void;
}

export function Conversation({ turns, busy, onRetry }: Props) {
  const { t } = useTranslation("chat");
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [turns]);
  const watch = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current ?? { scrollTop: 0, clientHeight: 0, scrollHeight: 0 };
    follows.current = scrollTop + clientHeight >= scrollHeight - 40;
  };
  const last = turns.at(-1);
  const newest = last && !busy ? SPEAKERS.flatMap((one) => (last.answers[one]?.text ? [`${t(`speaker.${one}`)}: ${last.answers[one].text}`] : [])).join(" ") : "";
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <div ref={box} className={classes.log} role="region" aria-label={t("log")} aria-busy={busy} tabIndex={0} onScroll={watch}>
        {turns.map((turn, at) => (
          <article key={at} className={classes.turn}>
            <p className={classes.question}><VisuallyHidden>{t("you")}: </VisuallyHidden>{turn.question}</p>
            <div className={classes.answers}>
              {SPEAKERS.map((speaker) => {
                const said = turn.answers[speaker];
                return said ? <Answer key={speaker} speaker={speaker} said={said} onRetry={at === turns.length - 1 ? onRetry : undefined} /> : null;
              })}
            </div>
          </article>
        ))}
      </div>
      <VisuallyHidden role="status" aria-live="polite">{newest}</VisuallyHidden>
    </>
  );
}

function Answer({ speaker, said, onRetry }: { speaker: Speaker; said: Said; onRetry?: () => void }) {
  const { t } = useTranslation("chat");
  const { number, duration } = useFormat();
  const name = speaker === "base" ? t("speaker.base") : t("speaker.loraAt", { strength: number(said.strength, 2) });
  const facts = said.state === "done" && said.tokens > 0 ? [t("tokens", { count: said.tokens }), duration(said.seconds)] : said.state === "stopped" ? [t("stopped")] : [];
  return (
    <section className={classes.answer} data-speaker={speaker} data-state={said.state} aria-label={name}>
      <h3>{name}</h3>
      {said.text ? <p className={classes.text}>{said.text}</p> : null}
      {said.state === "done" && said.text === "" ? <p className={classes.soft}>{t("silent")}</p> : null}
      {isOpen(said) && said.text === "" ? <Waiting label={t(`wait.${said.state as "waiting"}`)} /> : null}
      {said.error ? <ErrorNote error={new ApiError(said.error.code, said.error.message, 0, said.error.hint)} small onRetry={onRetry} /> : null}
      {facts.length > 0 ? <p className={classes.soft}>{formatFacts(facts)}</p> : null}
    </section>
  );
}

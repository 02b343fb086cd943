// What happened, newest first, in words; what asks for an act says which.
import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { RunEvent } from "@/api/types";
import { TimeAgo } from "@/components/Format";
import classes from "@/features/runs/Run.module.css";
import { useEventWords } from "@/features/runs/words/useEventWords";

const FIRST = 12;

export function Timeline({ events, kind }: { events: readonly RunEvent[]; kind: Kind }) {
  const { t } = useTranslation("runs");
  const words = useEventWords(kind);
  const [all, setAll] = useState(false);
  const newest = gathered(events).reverse();
  const shown = all ? newest : newest.slice(0, FIRST);
  if (newest.length === 0) return <p className={classes.soft}>{t("timeline.empty")}</p>;
  return (
    <>
      <ol className={classes.timeline}>
        {shown.map(({ event, count }) => {
          const said = words(event, count);
          return (
            <li key={event.seq} data-tone={said.tone}>
              <p>{said.title} <span className={classes.soft}><TimeAgo time={event.time} /></span></p>
              {said.detail && <p className={classes.soft}>{said.detail}</p>}
              {said.hint && <p>{said.hint}</p>}
            </li>
          );
        })}
      </ol>
      {newest.length > shown.length && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>{t("timeline.all", { count: newest.length })}</Button>
      )}
    </>
  );
}

interface Entry {
  event: RunEvent;
  count: number;
}

/** The samples of one step are one entry. */
function gathered(events: readonly RunEvent[]): Entry[] {
  const entries: Entry[] = [];
  for (const event of events) {
    const before = entries.at(-1);
    const one = event.payload;
    const other = before?.event.payload;
    if (before && one.type === "SampleSaved" && other?.type === "SampleSaved" && one.step === other.step) {
      entries[entries.length - 1] = { event, count: before.count + 1 };
    } else entries.push({ event, count: 1 });
  }
  return entries;
}

// The runs that wait, in order; dragged by a handle or moved by buttons.
import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { beforeAfter, beforeDrop } from "@/features/queue/order";
import { pathOf } from "@/features/runs/path";
import classes from "@/features/queue/Queue.module.css";
import { useMove } from "@/features/queue/useQueue";
import { useTimes } from "@/features/runs/words/useTimes";
import { useWhy } from "@/features/runs/words/useWhy";

interface Props {
  runs: readonly Run[];
  /** Whether more of them wait behind these. */
  more: boolean;
}

export function Waiting({ runs, more }: Props) {
  const { t } = useTranslation("queue");
  const times = useTimes();
  const why = useWhy();
  const move = useMove();
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);

  const step = (run: Run, by: -1 | 1) => {
    const before = beforeAfter(runs, run.id, by, more);
    if (before === undefined) return;
    move.mutate({ run: run.id, before }, { onSuccess: () => announce(t("moved", { name: run.name, place: runs.indexOf(run) + 1 + by })) });
  };
  const drop = (target: Run) => {
    if (dragged !== null && dragged !== target.id) move.mutate({ run: dragged, before: beforeDrop(runs, dragged, target.id, more) });
    setDragged(null);
    setOver(null);
  };

  return (
    <>
      {move.error && <ErrorNote error={move.error} small />}
      <ol className={classes.waiting}>
        {runs.map((run, index) => (
          <li
            key={run.id} draggable data-dragged={run.id === dragged || undefined} data-over={run.id === over || undefined}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = "move";
              event.dataTransfer.setData("text/plain", run.name);
              setDragged(run.id);
            }}
            onDragOver={(event) => {
              if (dragged === null) return;
              event.preventDefault();
              setOver(run.id);
            }}
            onDragEnd={() => { setDragged(null); setOver(null); }}
            onDrop={(event) => { event.preventDefault(); drop(run); }}
          >
            <IconGripVertical size={16} className={classes.grip} aria-hidden="true" />
            <span className={classes.place}>{index + 1}</span>
            <span className={classes.waitWords}>
              <Link to={pathOf(run)} className={classes.name}>{run.name}</Link>
              <span className={classes.soft}>{[run.dataset?.name, run.user, ...run.labels].filter(Boolean).join(" · ")}</span>
              {run.waits ? <span className={classes.why}>{why(run)}</span> : null}
            </span>
            <span className={classes.when}>{times.waits({ ...run, position: null })}</span>
            <span className={classes.moves}>
              <ActionIcon variant="subtle" color="gray" size="lg" disabled={index === 0} aria-label={t("up", { name: run.name })} onClick={() => step(run, -1)}>
                <IconArrowUp size={18} />
              </ActionIcon>
              <ActionIcon variant="subtle" color="gray" size="lg" disabled={beforeAfter(runs, run.id, 1, more) === undefined} aria-label={t("down", { name: run.name })} onClick={() => step(run, 1)}>
                <IconArrowDown size={18} />
              </ActionIcon>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

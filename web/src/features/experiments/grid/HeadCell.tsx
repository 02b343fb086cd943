// Words above a column or beside a row.
import type { CSSProperties } from "react";
import classes from "@/features/experiments/grid/Grid.module.css";
import type { HeadWords } from "@/features/experiments/grid/useHeads";

interface Props {
  role: "columnheader" | "rowheader";
  words: HeadWords | undefined;
  index: number;
  /** In one line above its row: where there is no room beside it. */
  strip?: boolean;
  style: CSSProperties;
}

export function HeadCell({ role, words, index, strip, style }: Props) {
  return (
    <div role={role} aria-colindex={index} aria-label={words?.full} title={words?.full} className={classes[role]} data-strip={strip || undefined} style={style}>
      {words?.lines.filter((line) => line.main || line.sub).map((line) => (
        <span key={line.axis} className={classes.headLine} data-axis={line.axis} aria-hidden="true">
          {line.main ? <b>{line.main}</b> : null}
          {line.sub ? <small>{line.sub}</small> : null}
        </span>
      ))}
    </div>
  );
}

// One bar of several pieces with its legend, which is the same in words.
import type { CSSProperties } from "react";
import type { Bar } from "@/features/forecast/bars";
import classes from "@/features/forecast/Stack.module.css";

/** Of a piece; times borrow the colours of what they are about. */
const TONES: Record<string, string> = { loading: "runtime", caching: "cache", training: "base", sampling: "activations", exporting: "adapter" };

interface Entry {
  key: string;
  label: string;
  value: string;
  mark?: "limit" | "spread" | "further";
}

interface Props<Name extends string> {
  bar: Bar<Name>;
  /** The whole bar in a sentence. */
  said: string;
  thin?: boolean;
  nameOf: (name: Name) => string;
  valueOf: (value: number) => string;
  /** Beside the pieces: what the line and the hatching mean. */
  marks?: readonly Entry[];
}

const toned = (name: string): CSSProperties => ({ "--tone": `var(--${TONES[name] ?? name})` }) as CSSProperties;

export function Stack<Name extends string>({ bar, said, thin, nameOf, valueOf, marks = [] }: Props<Name>) {
  const used = bar.pieces.reduce((sum, piece) => sum + piece.width, 0) + bar.spread;
  return (
    <div className={classes.stack}>
      <div className={classes.bar} data-thin={thin || undefined} role="img" aria-label={said}>
        {bar.pieces.map(({ name, value, width }) => (
          <span key={name} className={classes.piece} data-part={name} data-some={value > 0 || undefined} style={{ ...toned(name), width: `${width}%` }} />
        ))}
        <span className={classes.spread} style={{ width: `${bar.spread}%` }} />
        {bar.limit !== null && used > bar.limit && <span className={classes.beyond} style={{ left: `${bar.limit}%` }} />}
        {bar.limit !== null && <span className={classes.limit} style={{ left: `${bar.limit}%` }} />}
      </div>
      <ul className={classes.legend}>
        {bar.pieces.filter((piece) => piece.value > 0).map(({ name, value }) => (
          <li key={name} style={toned(name)}>
            <span className={classes.name}>{nameOf(name)}</span>
            <span className={classes.value}>{valueOf(value)}</span>
          </li>
        ))}
        {marks.map(({ key, label, value, mark }) => (
          <li key={key} data-mark={mark}>
            <span className={classes.name}>{label}</span>
            <span className={classes.value}>{value}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

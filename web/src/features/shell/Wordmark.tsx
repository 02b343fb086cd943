// The name, with its mark: three warps and a weft.
import classes from "./Wordmark.module.css";

export function Wordmark() {
  return (
    <span className={classes.word}>
      <svg viewBox="0 0 24 24" width="22" height="22" fill="none" strokeWidth="2.1" strokeLinecap="round" aria-hidden="true">
        <path className={classes.warp} d="M5 3v18M12 3v18M19 3v18" />
        <path className={classes.weft} d="M2 8h6.5M15.5 8H22M8.5 16h7" />
      </svg>
      <span>
        LoRA <b>Loom</b>
      </span>
    </span>
  );
}

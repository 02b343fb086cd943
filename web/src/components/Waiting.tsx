// A wait without a known end: quiet at first, so that a quick answer does not flash.
import classes from "./Waiting.module.css";

export function Waiting({ label }: { label?: string }) {
  return (
    <div className={classes.wait} role="status">
      <span className={classes.threads} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {label ? <span>{label}</span> : null}
    </div>
  );
}

// One picture that develops, frame by frame. A decoration: it says nothing that the words do not.
import develop from "@/assets/develop.webp";
import classes from "./Strip.module.css";

const FRAMES = [0, 1, 2, 3] as const;

export function Strip() {
  return (
    <div className={classes.strip} aria-hidden="true">
      {FRAMES.map((frame) => (
        <span key={frame} className={classes.frame}>
          <img src={develop} alt="" width={128} height={128} data-frame={frame} />
        </span>
      ))}
    </div>
  );
}

// What a data set looks like on a card: its first four pictures, or a sheet of lines where it holds texts.
import type { Dataset } from "@/api/types";
import { Picture } from "@/components/Picture";
import classes from "./Cover.module.css";
import { thumbnailOf } from "./thumbnails";

const PLACES = [0, 1, 2, 3] as const;
/** Widths in percent: two questions, each with an answer. */
const LINES = [{ width: 56, asked: true }, { width: 88 }, { width: 94 }, { width: 62 }, { width: 42, asked: true }, { width: 90 }, { width: 71 }] as const;

export function Cover({ dataset, className }: { dataset: Pick<Dataset, "kind" | "covers">; className?: string }) {
  if (dataset.kind === "texts") {
    return (
      <span className={className} data-kind="texts">
        <TextSheet />
      </span>
    );
  }
  return (
    <span className={className}>
      {PLACES.map((place) => {
        const cover = dataset.covers[place];
        return <Picture key={place} src={cover === undefined ? null : thumbnailOf(cover)} alt="" className={classes.cover} />;
      })}
    </span>
  );
}

/** A page of writing, for what has no picture. */
export function TextSheet({ small }: { small?: boolean }) {
  return (
    <span className={classes.sheet} data-small={small || undefined} aria-hidden="true">
      {LINES.map((line, at) => <i key={at} data-asked={"asked" in line || undefined} style={{ width: `${line.width}%` }} />)}
    </span>
  );
}

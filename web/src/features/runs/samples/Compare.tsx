// Two pictures of one prompt in one frame, with an edge between them that is dragged, or moved by the arrow keys.
import { type CSSProperties, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Sample } from "@/api/types";
import { Picture } from "@/components/Picture";
import { useFormat } from "@/lib/useFormat";
import classes from "@/features/runs/samples/Samples.module.css";

interface Props {
  left: Sample | undefined;
  right: Sample | undefined;
}

export function Compare({ left, right }: Props) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const [edge, setEdge] = useState(50);
  const words = (sample: Sample) => t("samples.alt", { prompt: sample.prompt, step: number(sample.step) });
  const only = right ?? left;
  if (left === undefined || right === undefined || left.step === right.step) {
    return <Picture src={only?.url ?? null} alt={only ? words(only) : ""} fit="contain" eager className={classes.frame} />;
  }
  const label = t("samples.compare", { left: number(left.step), right: number(right.step) });
  return (
    <div className={classes.compare} style={{ "--edge": `${edge}%` } as CSSProperties}>
      <Picture src={right.url} alt={words(right)} fit="contain" eager className={classes.frame} />
      <div className={classes.over}>
        <Picture src={left.url} alt={words(left)} fit="contain" eager className={classes.frame} />
      </div>
      <input
        type="range" min={0} max={100} step={1} value={edge} className={classes.range}
        aria-label={label} aria-valuetext={t("samples.share", { share: edge, step: number(left.step) })}
        onChange={(event) => setEdge(event.currentTarget.valueAsNumber)}
      />
      <span className={classes.edge} aria-hidden="true" />
    </div>
  );
}

// Which step is on the left and which on the right of the comparison; the one that is lit takes the next picture chosen.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import type { Film, Frame } from "@/features/runs/samples/film";
import type { Side } from "@/features/runs/samples/Samples";
import classes from "@/features/runs/samples/Samples.module.css";

interface Props {
  film: Film<Frame>;
  steps: Record<Side, number>;
  active: Side;
  onActive: (side: Side) => void;
}

export function Sides({ film, steps, active, onActive }: Props) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  if (film.steps.length < 2) return null;
  return (
    <fieldset className={classes.sides}>
      <legend className={classes.hint}>{t("samples.choose")}</legend>
      {(["left", "right"] as const).map((side) => (
        <label key={side} className={classes.side} data-active={side === active || undefined}>
          <input type="radio" name="side" checked={side === active} onChange={() => onActive(side)} />
          <span>{t(`samples.${side}`)}</span>
          <strong>{steps[side] === 0 ? t("samples.before") : t("samples.step", { step: number(steps[side]) })}</strong>
        </label>
      ))}
    </fieldset>
  );
}

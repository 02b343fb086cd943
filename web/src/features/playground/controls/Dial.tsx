// A figure on a slider, with a field beside it for who knows the exact one.
import { Slider } from "@mantine/core";
import classes from "./Controls.module.css";
import { Figure } from "./Figure";

interface Props {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  marks?: { value: number }[];
  /** What the field takes beyond the slider. */
  least?: number;
  most?: number;
  onChange: (value: number) => void;
}

export function Dial({ label, value, min, max, step = 0.05, marks, least = min, most = max, onChange }: Props) {
  return (
    <div className={classes.dial}>
      <span aria-hidden="true">{label}</span>
      <Slider size="sm" thumbLabel={label} label={null} min={min} max={max} step={step} marks={marks} value={Math.min(max, Math.max(min, value))} onChange={onChange} />
      <Figure aria-label={label} size="xs" hideControls value={value} min={least} max={most} step={step} decimalScale={2} onChange={(next) => next !== null && onChange(next)} />
    </div>
  );
}

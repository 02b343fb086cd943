// A number as it is typed: half of one is left alone, and only what is allowed is passed on.
import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";

interface Props extends Omit<NumberInputProps, "value" | "onChange" | "min" | "max"> {
  /** Null is an empty field. */
  value: number | null;
  min: number;
  max: number;
  /** What it must be a multiple of. */
  grid?: number;
  onChange: (value: number | null) => void;
}

export function Figure({ value, min, max, grid, onChange, ...field }: Props) {
  const [typed, setTyped] = useState<number | string | null>(null);
  const allowed = (wanted: number) => wanted >= min && wanted <= max && (grid === undefined || wanted % grid === 0);
  const take = (next: number | string) => {
    setTyped(next);
    if (next === "") onChange(null);
    else if (typeof next === "number" && allowed(next)) onChange(next);
  };
  const settle = () => {
    setTyped(null);
    if (typeof typed !== "number" || allowed(typed)) return;
    const near = Math.min(max, Math.max(min, typed));
    onChange(grid === undefined ? near : Math.round(near / grid) * grid);
  };
  return <NumberInput {...field} value={typed ?? value ?? ""} min={min} max={max} clampBehavior="none" onChange={take} onBlur={settle} />;
}

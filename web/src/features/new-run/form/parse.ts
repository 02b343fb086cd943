// Between a field's value and the text that stands in it.
import type { Kind } from "@/features/new-run/form/schema";
import type { Value } from "@/features/new-run/form/nested";

export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.join(value.every((one) => typeof one === "number") ? ", " : "\n");
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 0.001) return value.toExponential().replace("e-0", "e-");
  return String(value);
}

/** What the text means; text that is no number stays text, and the server says so beside the field. */
export function valueOf(kind: Kind, text: string, nullable: boolean): Value {
  const said = text.trim();
  switch (kind) {
    case "integer":
    case "number":
      return said === "" && nullable ? null : number(said);
    case "numbers":
      return said.split(/[,，\s]+/).filter(Boolean).map(number);
    case "lines":
      return text.split("\n").map((line) => line.trim()).filter(Boolean);
    default:
      return said === "" && nullable ? null : text;
  }
}

function number(text: string): Value {
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? text : value;
}

// What the server says by code, in the language of the page.
import { useTranslation } from "react-i18next";
import { fillable, filled, type Values } from "@/features/forecast/coded";
import { textOf } from "@/features/new-run/form/parse";
import { useFormat } from "@/lib/useFormat";

type Kind = "advice" | "fit" | "problem";

/** Figures of these names are sizes of memory. */
const BYTES = new Set(["before", "after", "free"]);

/** The words of `kind.code.part`; `said`, the server's own, for a code or figures that the page does not know. */
export function useCoded(): (kind: Kind, code: string, part: "message" | "hint", said: string, values?: Values) => string {
  const { i18n } = useTranslation("forecast");
  const { bytes, number } = useFormat();
  const show = (name: string, value: unknown) => {
    if (typeof value !== "number") return String(value);
    if (BYTES.has(name)) return bytes(value);
    return value !== 0 && Math.abs(value) < 0.01 ? textOf(value) : number(value, 3);
  };
  return (kind, code, part, said, values = {}) => {
    const text: unknown = i18n.getResource(i18n.language, "forecast", `${kind}.${code}.${part}`);
    return fillable(text, values) ? filled(text, values, show) : said;
  };
}

// How many examples are how long: a bar for each stretch of lengths, marked where it is cut. The numbers are text beside the bars.
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import type { TextCheck } from "../api";
import classes from "./Panel.module.css";

export function Histogram({ bins, maxLength }: { bins: TextCheck["histogram"]; maxLength: number }) {
  const { t } = useTranslation("texts");
  const { number } = useFormat();
  const most = Math.max(1, ...bins.map((bin) => bin.examples));
  if (bins.length === 0) return null;
  return (
    <figure className={classes.histogram}>
      <figcaption>{t("check.lengths")}</figcaption>
      <ul>
        {bins.map(({ low, high, examples }) => (
          <li key={low} data-over={high - 1 > maxLength || undefined}>
            <span>{t("check.bin", { low: number(low), high: number(Math.max(low, high - 1)) })}</span>
            <span className={classes.track} aria-hidden="true"><i style={{ width: `${(100 * examples) / most}%` }} /></span>
            <span>{number(examples)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

// Plain warnings from the pictures and the settings together, each with the button that mends it.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Advice } from "@/api/types";
import { useCoded } from "@/features/forecast/useCoded";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { useSettingWords } from "@/features/new-run/forecast/useSettingWords";
import type { Flat } from "@/features/new-run/form/nested";

export const ADVICE = "advice";
/** Characters of a value that a button has room for. */
const SHORT = 16;

export function AdviceList({ advice, stale, onPut }: { advice: readonly Advice[]; stale: boolean; onPut: (values: Flat) => void }) {
  const { t } = useTranslation("forecast");
  const coded = useCoded();
  const { nameOf, valueOf } = useSettingWords();
  const labelOf = (mends: [string, unknown][]) => {
    const [first] = mends;
    if (mends.length !== 1 || first === undefined) return t("advice.mendMany", { count: mends.length });
    const value = valueOf(...first);
    return value.length > SHORT ? t("advice.mendOne", { name: nameOf(first[0]) }) : t("advice.mend", { name: nameOf(first[0]), value });
  };
  if (advice.length === 0) return null;
  return (
    <section className={classes.advice} id={ADVICE} aria-label={t("advice.title")} tabIndex={-1}>
      <h3>{t("advice.title")}</h3>
      <ul>
        {advice.map((one) => {
          const mends = Object.entries(one.mends ?? {});
          const told = mends.length > 1 ? mends.filter(([, value]) => value !== null) : mends;
          return (
            <li key={one.code}>
              <p><strong>{coded("advice", one.code, "message", one.message, one.values)}</strong> {coded("advice", one.code, "hint", one.hint, one.values)}</p>
              {told.length > 0 && (
                <Button variant="default" size="compact-sm" disabled={stale} onClick={() => onPut(one.mends as Flat)}>
                  {labelOf(told)}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

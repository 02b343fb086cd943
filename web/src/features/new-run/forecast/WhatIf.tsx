// The same run with one thing changed: what it would take, and the button that changes it.
import { Fragment, memo } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import type { Forecast, WhatIf as Instead } from "@/api/types";
import { useForecastWords } from "@/features/forecast/useForecastWords";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { alternatives, DEVICE } from "@/features/new-run/forecast/alternatives";
import { useSettingWords } from "@/features/new-run/forecast/useSettingWords";
import type { Value } from "@/features/new-run/form/nested";
import { useFormat } from "@/lib/useFormat";

interface Props {
  rows: readonly Instead[];
  /** As the settings are now. */
  forecast: Forecast;
  onSet: (key: string, value: Value) => void;
  onDevice: (device: string) => void;
}

/** Drawn after the bars have moved. */
export const WhatIf = memo(function WhatIf({ rows, forecast, onSet, onDevice }: Props) {
  const { t } = useTranslation("forecast");
  const { bytes } = useFormat();
  const { about } = useForecastWords();
  const { nameOf, valueOf, nowOf } = useSettingWords();
  const named = (key: string) => (key === DEVICE ? t("device.one") : nameOf(key));
  const set = ({ key, value }: Instead) => {
    if (key === DEVICE) onDevice(String(value));
    else onSet(key, value);
    announce(t("whatIf.chosen", { name: named(key), value: valueOf(key, value) }));
  };
  return (
    <table className={classes.table}>
      <thead>
        <tr><th scope="col">{t("whatIf.setting")}</th><th scope="col">{t("whatIf.time")}</th><th scope="col">{t("whatIf.memory")}</th><td /></tr>
      </thead>
      {alternatives(rows, forecast, nowOf).map(([key, all]) => (
        <tbody key={key}>
          <tr><th scope="rowgroup" colSpan={4}>{named(key)}</th></tr>
          {all.map((row) => {
            const value = valueOf(key, row.value);
            return (
              <tr key={String(row.value)} data-now={row.now || undefined}>
                <th scope="row">{value}</th>
                <td>{about(row.seconds)}</td>
                <td data-bad={!row.fits || undefined}>{bytes(row.peak_memory_bytes)}{!row.fits && <Fragment> <small>{t("memory.tooMuch")}</small></Fragment>}</td>
                <td>
                  {row.now
                    ? <span className={classes.now}>{t("whatIf.now")}</span>
                    : <button type="button" className={classes.use} aria-label={t("whatIf.useLong", { name: named(key), value })} onClick={() => set(row)}>{t("whatIf.use")}</button>}
                </td>
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
});

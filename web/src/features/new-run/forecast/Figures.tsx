// The forecast itself: time, memory, disk, energy and cost.
import { useTranslation } from "react-i18next";
import { memoryBar, PARTS, peakOf, timeBar } from "@/features/forecast/bars";
import { Stack } from "@/features/forecast/Stack";
import type { Forecast } from "@/api/types";
import { useForecastWords } from "@/features/forecast/useForecastWords";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { formatStepTime } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

export function Figures({ forecast }: { forecast: Forecast }) {
  const { t } = useTranslation("forecast");
  const { bytes, number, language } = useFormat();
  const words = useForecastWords();
  const time = words.time(forecast);
  const memory = words.memory(forecast);
  const bar = memoryBar(forecast);
  const peak = peakOf(forecast)?.stage;
  const { kilowatt_hours: energy, money } = forecast.spending ?? {};
  const rate = forecast.step_seconds > 0 ? 1 / forecast.step_seconds : 0;
  const rows: [string, string | null][] = [
    [t("speed"), `${t("perSecond", { rate: number(rate, rate < 1 ? 2 : 1) })} · ${t("perStep", { time: formatStepTime(forecast.step_seconds, language) })}`],
    [t("disk"), bytes(forecast.disk_bytes)],
    [t("energy"), energy == null ? null : t("kilowattHours", { value: number(energy, energy < 1 ? 3 : 1) })],
    [t("cost"), money == null ? null : number(money, 2)],
  ];
  const marks = [
    ...(bar.spread > 0 ? [{ key: "spread", mark: "spread" as const, label: t("upTo"), value: bytes(forecast.peak_memory_bytes.p90) }] : []),
    bar.limit !== null
      ? { key: "limit", mark: "limit" as const, label: t("memory.freeEnd"), value: bytes(forecast.free_memory_bytes) }
      : { key: "free", mark: "further" as const, label: t("memory.freeEnd"), value: bytes(forecast.free_memory_bytes) },
  ];
  return (
    <>
      <section aria-label={t("time.title")}>
        <p className={classes.figure}><span>{t("time.title")}</span> <strong>{time.about}</strong> <span>{time.range}</span></p>
        <Stack thin bar={timeBar(forecast)} said={words.timeSaid(forecast)} nameOf={(name) => t(`stage.${name}`)} valueOf={words.about} />
      </section>
      <section aria-label={t("memory.title")}>
        <p className={classes.figure}>
          <span>{t("memory.title")}</span> <strong>{memory.about}</strong> <span>{memory.range}</span>
          <span className={classes.verdict} data-fits={forecast.fits}>{t(forecast.fits ? "memory.fits" : "memory.tooMuch")}</span>
        </p>
        <Stack bar={bar} said={words.memorySaid(forecast)} nameOf={(name) => t(`part.${name}`)} valueOf={bytes} marks={marks} />
        <details className={classes.what}>
          <summary>{t("memory.what")}</summary>
          {peak !== undefined && <p>{t("memory.peakIn", { stage: t(`stage.${peak as "training"}`, { defaultValue: peak }) })}</p>}
          <dl>
            {PARTS.map((part) => <div key={part}><dt>{t(`part.${part}`)}</dt><dd>{t(`partText.${part}`)}</dd></div>)}
          </dl>
        </details>
      </section>
      <dl className={classes.rows}>
        {rows.map(([name, value]) => value !== null && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </>
  );
}

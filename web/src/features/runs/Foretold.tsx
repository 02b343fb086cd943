// What was forecast before the run, beside what it took once that is known.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import facts from "@/components/Facts.module.css";
import { error, inside } from "@/features/forecast/outcomes";
import { runForecastQuery } from "@/features/forecast/queries";
import classes from "@/features/runs/Foretold.module.css";
import { numbers } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";

interface Line {
  name: string;
  told: string;
  took: string;
  off: number | null;
  inRange: boolean | null;
}

export function Foretold({ id, over }: { id: string; over: boolean }) {
  const { t } = useTranslation(["runs", "common"]);
  const { bytes, duration, language } = useFormat();
  const { data } = useQuery(runForecastQuery(id, over));
  if (!data?.told) return null;
  const { told, took } = data;
  const stages = told.stages.filter((one) => one.seconds > 0).map((one): Line => {
    const seconds = took?.stages[one.stage];
    return { name: t(`told.stage.${one.stage as "training"}`, { defaultValue: one.stage }), told: duration(one.seconds), took: seconds === undefined ? "–" : duration(seconds), off: null, inRange: null };
  });
  const lines: Line[] = [
    {
      name: t("told.time"), told: t("told.range", { middle: duration(told.seconds.p50), low: duration(told.seconds.p10), high: duration(told.seconds.p90) }),
      took: took?.seconds == null ? "–" : duration(took.seconds), off: error(told.seconds, took?.seconds ?? null), inRange: inside(told.seconds, took?.seconds ?? null),
    },
    ...stages,
    {
      name: t("told.memory"), told: t("told.range", { middle: bytes(told.peak_memory_bytes.p50), low: bytes(told.peak_memory_bytes.p10), high: bytes(told.peak_memory_bytes.p90) }),
      took: took?.peak_memory_bytes == null ? "–" : bytes(took.peak_memory_bytes), off: error(told.peak_memory_bytes, took?.peak_memory_bytes ?? null), inRange: inside(told.peak_memory_bytes, took?.peak_memory_bytes ?? null),
    },
  ];
  const percent = numbers(language, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
  return (
    <section className={classes.told} aria-labelledby="told">
      <h3 id="told">{t("told.title")} <Link to="/forecasts">{t("told.all")}</Link></h3>
      <dl className={facts.facts}>
        {lines.map(({ name, told, took, off, inRange }) => (
          <div key={name}>
            <dt data-stage={inRange === null || undefined}>{name}</dt>
            <dd>
              {t("told.told")} {told}
              <br />
              {t("told.took")} {took}
              {off !== null && <small data-inside={inRange}> {percent.format(-off / (1 + off))} · {t(inRange ? "told.inside" : "told.outside")}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

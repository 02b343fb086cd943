// A few real steps on the spot, told as they are taken.
import { Button, Checkbox, Loader } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { ApiError } from "@/api/errors";
import type { Asked } from "@/features/forecast/queries";
import { useForecastWords } from "@/features/forecast/useForecastWords";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import type { Probe } from "@/features/new-run/forecast/probe";
import { useSettingWords } from "@/features/new-run/forecast/useSettingWords";
import { useProbe } from "@/features/new-run/forecast/useProbe";
import { formatStepTime } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

interface Props {
  asked: Asked;
  /** Whether the device is one of this machine. */
  here: boolean;
  ready: boolean;
  onBatch: (batch: number) => void;
}

export function Measure({ asked, here, ready, onBatch }: Props) {
  const { t } = useTranslation("forecast");
  const [search, setSearch] = useState(false);
  const { probe, of, start, cancel } = useProbe();
  const running = probe?.state === "running";
  return (
    <section className={classes.measure} aria-label={t("measure.title")}>
      <div className={classes.ways}>
        {running
          ? <Button variant="default" size="xs" onClick={cancel}>{t("measure.cancel")}</Button>
          : <Button variant="default" size="xs" disabled={!ready || !here} onClick={() => start(asked, search)}>{t("measure.start")}</Button>}
        <Checkbox size="xs" label={t("measure.search")} checked={search} disabled={running || !here} onChange={(event) => setSearch(event.currentTarget.checked)} />
      </div>
      {!here && <p className={classes.soft}>{t("measure.elsewhere")}</p>}
      <div aria-live="polite" aria-busy={running}>{probe && <Told probe={probe} changed={of !== asked} onBatch={onBatch} />}</div>
    </section>
  );
}

function Told({ probe, changed, onBatch }: { probe: Probe; changed: boolean; onBatch: (batch: number) => void }) {
  const { t } = useTranslation("forecast");
  const { bytes, language } = useFormat();
  const words = useForecastWords();
  const { nowOf } = useSettingWords();
  const { error, forecast, largest } = probe;
  return (
    <>
      <ul className={classes.tried}>
        {probe.tried.map(({ batch, seconds, memory }) => (
          <li key={batch} data-bad={seconds === null || undefined}>
            {seconds === null ? t("measure.failed", { batch }) : t("measure.tried", { batch, time: formatStepTime(seconds, language), memory: bytes(memory ?? 0) })}
          </li>
        ))}
        {probe.state === "running" && <li className={classes.trying}><Loader size={12} /> {probe.now === null ? t("measure.begun") : t("measure.now", { batch: probe.now })}</li>}
      </ul>
      {probe.state === "cancelled" && <p className={classes.soft}>{t("measure.cancelled")}</p>}
      {probe.state === "done" && forecast && <p><strong>{t("measure.done", { time: words.time(forecast).about, memory: words.memory(forecast).about })}</strong></p>}
      {probe.state === "done" && largest !== null && (
        <p>
          {t("measure.largest", { batch: largest })}{" "}
          {nowOf("training.batch_size") !== largest && <Button variant="default" size="compact-xs" onClick={() => onBatch(largest)}>{t("measure.take", { batch: largest })}</Button>}
        </p>
      )}
      {probe.state === "done" && changed && <p className={classes.soft}>{t("measure.changed")}</p>}
      {error && (error.code === "in_use" ? <Busy /> : <ErrorNote error={new ApiError(error.code, error.message, 0, error.hint)} small />)}
    </>
  );
}

function Busy() {
  const { t } = useTranslation("forecast");
  return <p className={classes.busy}><strong>{t("measure.inUse")}</strong> {t("measure.inUseHint")}</p>;
}

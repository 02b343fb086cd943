// What the run will take, beside the form that it follows.
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Machine, WhatIf as Instead } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { whatIfQuery } from "@/features/forecast/queries";
import { useForecastWords } from "@/features/forecast/useForecastWords";
import { AdviceList } from "@/features/new-run/forecast/AdviceList";
import { Figures } from "@/features/new-run/forecast/Figures";
import { Fit } from "@/features/new-run/forecast/Fit";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { Measure } from "@/features/new-run/forecast/Measure";
import { PriceFields } from "@/features/new-run/forecast/PriceFields";
import type { Changes } from "@/features/new-run/forecast/useChanges";
import type { Forecasting } from "@/features/new-run/forecast/useForecast";
import { WhatIf } from "@/features/new-run/forecast/WhatIf";
import { useForm } from "@/features/new-run/form/useForm";
import { formatFacts } from "@/lib/format";

const NONE: readonly Instead[] = [];

interface Props {
  forecasting: Forecasting;
  changes: Changes;
  machine: Machine;
}

export function ForecastPanel({ forecasting, changes, machine }: Props) {
  const { t } = useTranslation("forecast");
  const words = useForecastWords();
  const { set } = useForm();
  const { asked, seen, stale, error, again, device, setDevice, prices, setPrices } = forecasting;
  const forecast = seen?.forecast ?? null;
  const varied = useQuery(whatIfQuery(asked, forecast !== null && !stale));
  /** First the bars, then what is longer to draw. */
  const later = useDeferredValue(varied.data?.items ?? NONE);
  const here = device === null || machine.devices.some((one) => one.id === device || one.name === device);
  const named = (id: string) => ({ value: id, label: formatFacts([machine.devices.find((one) => one.id === id)?.name ?? id, ...(machine.devices.some((one) => one.id === id) ? [id] : [])]) });
  /** What is here is asked about by id; what it is called is not. */
  const choose = (name: string) => setDevice(seen?.devices.includes(name) ? name : (machine.devices.find((one) => one.name === name)?.id ?? null));
  if (asked.dataset === null) return <p className={classes.soft}>{t("waiting")}</p>;
  if (error && seen === undefined) return <ErrorNote error={error} small onRetry={again} />;
  if (seen === undefined) return <div className={classes.loading} aria-busy="true">{[70, 150, 60].map((height) => <Skeleton key={height} height={height} />)}</div>;
  if (forecast === null) return <><p className={classes.soft}>{t("mend")}</p><AdviceList advice={seen.advice} stale={stale} onPut={changes.put} /></>;
  return (
    <div className={classes.panel}>
      <NativeSelect
        size="xs" label={t("device.title")} value={device ?? ""} onChange={(event) => setDevice(event.currentTarget.value || null)}
        data={[{ value: "", label: device === null ? t("device.usually", { device: forecast.device }) : t("device.usual") }, ...seen.devices.map(named)]}
      />
      <div className={classes.figures} data-stale={stale || undefined} aria-busy={stale}>
        <Figures forecast={forecast} />
        <p className={classes.soft}>{words.source(forecast)} <Link to="/forecasts">{t("how")}</Link></p>
      </div>
      {error && <ErrorNote error={error} small onRetry={again} />}
      <Measure asked={asked} here={device === null} ready={!stale} onBatch={(largest) => changes.put({ "training.batch_size": largest })} />
      {seen.fit && <Fit fit={seen.fit} device={here ? null : device} stale={stale} onPut={changes.put} />}
      <AdviceList advice={seen.advice} stale={stale} onPut={changes.put} />
      <Undone changes={changes} />
      {later.length > 0 && (
        <section className={classes.whatIf} aria-labelledby="what-if">
          <h3 id="what-if">{t("whatIf.title")}</h3>
          <WhatIf rows={later} forecast={forecast} onSet={set} onDevice={choose} />
        </section>
      )}
      <Fold title={t("prices.title")}>{() => <PriceFields prices={prices} onChange={setPrices} />}</Fold>
    </div>
  );
}

function Undone({ changes }: { changes: Changes }) {
  const { t } = useTranslation("forecast");
  return (
    <div role="status">
      {changes.count > 0 && (
        <p className={classes.undone}>
          {t("put.done", { count: changes.count })} <Button variant="subtle" size="compact-xs" onClick={changes.undo}>{t("put.undo")}</Button>
        </p>
      )}
    </div>
  );
}

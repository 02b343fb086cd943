// Beside the form: what the choices come to and what the run will take. A part of its own, so that a forecast draws nothing else anew.
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { Machine } from "@/api/types";
import { ADVICE } from "@/features/new-run/forecast/AdviceList";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { ForecastPanel } from "@/features/new-run/forecast/ForecastPanel";
import type { Changes } from "@/features/new-run/forecast/useChanges";
import { useForecast } from "@/features/new-run/forecast/useForecast";
import type { Nested } from "@/features/new-run/form/nested";
import { PlanPanel } from "@/features/new-run/PlanPanel";
import { TrySeveral } from "@/features/new-run/TrySeveral";
import type { Start } from "@/features/new-run/useStart";

interface Props {
  kind: Kind;
  asked: { config: Nested; dataset: string | null };
  labels: readonly string[];
  machine: Machine;
  changes: Changes;
  checked: Parameters<typeof PlanPanel>[0]["checked"];
  /** Whether the counts are of settings that have changed since. */
  stale: boolean;
  /** Whether the data set that was chosen is there. */
  hasDataset: boolean;
  submit: Start;
}

export function Side({ kind, asked, labels, machine, changes, checked, stale, hasDataset, submit }: Props) {
  const forecasting = useForecast(asked.config, hasDataset ? asked.dataset : null);
  const warnings = forecasting.seen?.advice.length ?? 0;
  return (
    <PlanPanel
      kind={kind} checked={checked} stale={stale} hasDataset={hasDataset} submit={submit}
      more={(ready) => <TrySeveral asked={asked} labels={labels} ready={ready} />}
      warnings={hasDataset && warnings > 0 && <Warnings count={warnings} />}
    >
      <ForecastPanel forecasting={forecasting} changes={changes} machine={machine} />
    </PlanPanel>
  );
}

function Warnings({ count }: { count: number }) {
  const { t } = useTranslation("forecast");
  const show = () => {
    const advice = document.getElementById(ADVICE);
    advice?.scrollIntoView({ block: "center" });
    advice?.focus({ preventScroll: true });
  };
  return <button type="button" className={classes.warnings} onClick={show}>{t("advice.count", { count })}</button>;
}

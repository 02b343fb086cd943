// The machine: card, memory, disk, base models, and how runs are kept apart.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { machineQuery, modelsQuery } from "@/api/queries";
import type { Device, Machine } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import classes from "./MachineCard.module.css";

export function MachineCard() {
  const { t } = useTranslation("start");
  const machine = useQuery(machineQuery);
  return (
    <aside className={classes.card} aria-labelledby="machine">
      <h2 id="machine" className={classes.title}>
        {t("machine.title")}
      </h2>
      {machine.isError ? <ErrorNote error={machine.error} small onRetry={() => void machine.refetch()} /> : null}
      {machine.data ? <Facts machine={machine.data} /> : <div className={classes.waiting} />}
      <Link to="/forecasts" className={classes.more}>
        {t("machine.more")}
      </Link>
    </aside>
  );
}

function Facts({ machine }: { machine: Machine }) {
  const { t } = useTranslation("start");
  const { bytes } = useFormat();
  const disk = t("machine.diskFree", { free: bytes(machine.disk_free), total: bytes(machine.disk_total) });
  return (
    <dl className={classes.facts}>
      {machine.devices.map((device) => (
        <DeviceFact key={device.id} device={device} cores={machine.cores} />
      ))}
      {machine.devices.every((device) => device.kind === "cpu") ? <dd className={classes.hint}>{t("machine.cpuHint")}</dd> : null}
      <dt>{t("machine.disk")}</dt>
      <dd>{disk}</dd>
      <ModelsFact />
      <dt>{t("machine.sandbox")}</dt>
      <dd>{t(`machine.sandboxKind.${machine.sandbox.kind}`)}</dd>
    </dl>
  );
}

function DeviceFact({ device, cores }: { device: Device; cores: number }) {
  const { t } = useTranslation("start");
  const { bytes } = useFormat();
  const memory = t("machine.memory", { free: bytes(device.memory_free), total: bytes(device.memory_total) });
  return (
    <>
      <dt className={classes.device}>{device.name}</dt>
      <dd>
        <span className={classes.bar} aria-hidden="true">
          <span style={{ width: `${100 - (100 * device.memory_free) / device.memory_total}%` }} />
        </span>
        {device.kind === "cpu" ? formatFacts([memory, t("machine.cores", { count: cores })]) : memory}
      </dd>
    </>
  );
}

function ModelsFact() {
  const { t } = useTranslation("start");
  const { data } = useQuery(modelsQuery);
  const models = (data?.items ?? []).filter((model) => model.available);
  const more = models.length - 3;
  return (
    <>
      <dt>
        <Link to="/models">{t("machine.models")}</Link>
      </dt>
      <dd>
        {models.slice(0, 3).map((model) => (
          <span key={model.id} className={classes.model}>
            {model.name}
            {model.embedded ? ` (${t("machine.builtIn")})` : null}
          </span>
        ))}
        {more > 0 ? <span className={classes.model}>{t("machine.modelsMore", { count: more })}</span> : null}
      </dd>
    </>
  );
}

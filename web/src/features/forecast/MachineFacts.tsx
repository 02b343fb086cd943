// The machine as it is: devices and who uses them, versions, and what does not go together.
import { Skeleton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import facts from "@/components/Facts.module.css";
import classes from "@/features/forecast/Forecasts.module.css";
import { hardwareQuery } from "@/features/forecast/queries";
import type { Hardware } from "@/api/types";
import { useCoded } from "@/features/forecast/useCoded";
import { useFormat } from "@/lib/useFormat";

export function MachineFacts() {
  const { data, error, refetch } = useQuery(hardwareQuery);
  if (error && !data) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={300} />;
  return (
    <>
      <Problems problems={data.problems} />
      <div className={classes.machine}>
        <div>{data.devices.map((device) => <Device key={device.id} device={device} />)}</div>
        <System hardware={data} />
      </div>
    </>
  );
}

function Problems({ problems }: Pick<Hardware, "problems">) {
  const { t } = useTranslation("forecast");
  const coded = useCoded();
  if (problems.length === 0) return <p className={classes.good}><IconCheck size={16} aria-hidden="true" /> {t("page.noProblems")}</p>;
  return (
    <ul className={classes.problems} aria-label={t("page.problems")}>
      {problems.map(({ code, message, hint }) => {
        const said = coded("problem", code, "message", message);
        return (
          <li key={code + message}>
            <strong>{said}</strong> {coded("problem", code, "hint", hint)}
            {said !== message && <small lang="en">{message}</small>}
          </li>
        );
      })}
    </ul>
  );
}

function Device({ device }: { device: Hardware["devices"][number] }) {
  const { t } = useTranslation("forecast");
  const { bytes } = useFormat();
  const used = device.memory_total > 0 ? 100 - (100 * device.memory_free) / device.memory_total : 0;
  return (
    <article className={classes.device}>
      <h3>{device.name} <small>{t(`page.deviceKind.${device.kind as "cpu"}`, { defaultValue: device.kind })} · {device.id}</small></h3>
      <span className={classes.used} aria-hidden="true"><span style={{ width: `${used}%` }} /></span>
      <dl className={facts.facts}>
        <div><dt>{t("memory.title")}</dt><dd>{t("page.memory", { free: bytes(device.memory_free), total: bytes(device.memory_total) })}</dd></div>
        {device.capability != null && <div><dt>{t("page.capability")}</dt><dd>{device.capability}</dd></div>}
        <div><dt>{t("page.dtypes")}</dt><dd>{device.dtypes.join(", ")}</dd></div>
        <div>
          <dt>{t("page.usedBy")}</dt>
          <dd>
            {device.used_by.length === 0 ? t("page.nobody") : (
              <ul className={classes.users}>
                {device.used_by.map(({ pid, name, memory }) => (
                  <li key={pid}>{t("page.process", { name, pid })}{memory !== null && <span>{bytes(memory)}</span>}</li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      </dl>
    </article>
  );
}

function System({ hardware }: { hardware: Hardware }) {
  const { t } = useTranslation("forecast");
  const { bytes, number } = useFormat();
  const rows: [string, string | null][] = [
    [t("page.system"), hardware.system],
    [t("page.cores"), number(hardware.cores)],
    [t("page.disk"), t("page.memory", { free: bytes(hardware.disk_free), total: bytes(hardware.disk_total) })],
    [t("page.driver"), hardware.driver],
    [t("page.cuda"), hardware.torch_cuda ?? t("page.noCuda")],
    ["Python", hardware.python],
    ...Object.entries(hardware.versions).map(([name, version]): [string, string] => [name, version ?? t("page.notInstalled")]),
  ];
  return (
    <dl className={facts.facts}>
      {rows.map(([name, value]) => value !== null && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

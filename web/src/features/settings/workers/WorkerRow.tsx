// One worker: whether it is there, its labels, and for each device what is on it.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, take } from "@/api/client";
import type { Worker } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ErrorNote } from "@/components/ErrorNote";
import { TimeAgo } from "@/components/Format";
import { useFormat } from "@/lib/useFormat";
import section from "../Section.module.css";
import { workersQuery } from "./queries";
import classes from "./Workers.module.css";

export function WorkerRow({ worker }: { worker: Worker }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const { name, draining } = worker;
  const state = !worker.there ? "away" : draining ? "draining" : "there";
  const changed = () => client.invalidateQueries({ queryKey: workersQuery.queryKey });
  const drain = useMutation({
    mutationFn: () => take(api.PATCH("/api/workers/{worker_id}", { params: { path: { worker_id: worker.id } }, body: { draining: !draining } })),
    onSuccess: () => {
      announce(t(draining ? "workers.undrained" : "workers.drained", { name }));
      return changed();
    },
  });
  const forget = async () => {
    await take(api.DELETE("/api/workers/{worker_id}", { params: { path: { worker_id: worker.id } } }));
    await changed();
  };
  return (
    <li className={section.row}>
      <div className={section.name}>
        <span className={classes.head}>
          {name}
          <span className={classes.state} data-state={state}>{t(`workers.${state}`)}</span>
        </span>
        <small>
          {t("workers.seen")} <TimeAgo time={worker.seen_at} />
          {worker.version ? ` · ${t("workers.version", { version: worker.version })}` : null}
        </small>
        {worker.labels.length ? (
          <ul className={classes.labels} aria-label={t("workers.labels")}>
            {worker.labels.map((label) => (
              <li key={label}>{label}</li>
            ))}
          </ul>
        ) : null}
        <Devices worker={worker} />
      </div>
      <Button variant="default" size="compact-sm" loading={drain.isPending} aria-label={t(draining ? "workers.undrainOf" : "workers.drainOf", { name })} onClick={() => drain.mutate()}>
        {t(draining ? "workers.undrain" : "workers.drain")}
      </Button>
      <ConfirmButton size="compact-sm" question={t("workers.question")} consequence={t("workers.consequence", { name })} onConfirm={forget} aria-label={t("workers.forgetOf", { name })}>
        {t("workers.forget")}
      </ConfirmButton>
      {drain.isError ? <ErrorNote error={drain.error} small /> : null}
    </li>
  );
}

function Devices({ worker }: { worker: Worker }) {
  const { t } = useTranslation("settings");
  const { bytes } = useFormat();
  return (
    <ul className={classes.devices} aria-label={t("workers.devices", { name: worker.name })}>
      {worker.devices.map(({ id, name, count, memory_total, run }) => (
        <li key={id}>
          <span>{[id, name, memory_total ? `${count > 1 ? `${count} × ` : ""}${bytes(memory_total)}` : ""].filter(Boolean).join(" · ")}</span>
          <span>{run ? <>{t("workers.does")} <Link to={`/runs/${run.id}`}>{run.name}</Link></> : t("workers.free")}</span>
        </li>
      ))}
    </ul>
  );
}

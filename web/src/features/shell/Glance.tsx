// The machine at a glance: what it does now, and how much memory is free.
import { VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { machineQuery, queueQuery } from "@/api/queries";
import type { Device, Queue } from "@/api/types";
import { pathOf } from "@/features/runs/path";
import { useFormat } from "@/lib/useFormat";
import classes from "./Glance.module.css";

export function Glance() {
  const machine = useQuery(machineQuery);
  const queue = useQuery(queueQuery);
  const device = machine.data?.devices[0];
  return (
    <div className={classes.glance}>
      {queue.data ? <QueueState queue={queue.data} /> : null}
      {device ? <Memory device={device} /> : null}
    </div>
  );
}

function QueueState({ queue }: { queue: Queue }) {
  const { t } = useTranslation(["shell", "common"]);
  const { percent } = useFormat();
  const run = queue.running[0];
  const done = run ? percent(run.total_steps ? run.step / run.total_steps : 0) : "";
  const waiting = queue.total;
  const words = run ? done : queue.paused ? t("queue.paused") : t("queue.idle");
  const who = run ? t("queue.title", { name: run.name, state: t(`common:state.${run.state}`) }) : "";
  return (
    <Link to={run ? pathOf(run) : "/runs"} className={classes.queue} title={who || undefined}>
      <span className={classes.lamp} data-on={run ? true : undefined} aria-hidden="true" />
      {who ? <VisuallyHidden>{who}</VisuallyHidden> : null}
      <span>{words}</span>
      {waiting ? <span className={classes.waiting}>{t("queue.waiting", { count: waiting })}</span> : null}
    </Link>
  );
}

function Memory({ device }: { device: Device }) {
  const { t } = useTranslation("shell");
  const { bytes } = useFormat();
  const free = bytes(device.memory_free);
  const used = 1 - device.memory_free / device.memory_total;
  const title = t("machine.title", { name: device.name, free, total: bytes(device.memory_total) });
  return (
    <span className={classes.memory} title={title}>
      <svg viewBox="0 0 40 6" width="40" height="6" aria-hidden="true">
        <rect className={classes.track} width="40" height="6" rx="3" />
        <rect className={classes.used} width={Math.max(3, 40 * used)} height="6" rx="3" />
      </svg>
      <span>{t("machine.short", { free })}</span>
    </span>
  );
}

// What can be done with a run in its state: the likely thing as a button, the rest in a menu.
import { Button, Menu } from "@mantine/core";
import { IconDots, IconMessages, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ErrorNote } from "@/components/ErrorNote";
import { DownloadMenu } from "@/features/runs/DownloadMenu";
import { RemoveItem } from "@/features/runs/RemoveItem";
import { RetryMenu } from "@/features/runs/RetryMenu";
import classes from "@/features/runs/Run.module.css";
import { useVerb, type Verb } from "@/features/runs/useRun";
import { isBusy, isOver } from "@/features/runs/view/progress";

export function Controls({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const verb = useVerb(run.id);
  const busy = isBusy(run.state);
  const over = isOver(run.state);
  const texts = kindOf(run.family) === "texts";
  const compare = `/experiments/new?run=${run.id}`;
  const tell = (one: Verb) => verb.mutate(one, { onSuccess: () => announce(t(texts && one === "sample" ? "asked.answer" : `asked.${one}`)) });
  return (
    <div className={classes.controls}>
      {busy && (
        <Button variant="default" leftSection={<IconPlayerPause size={16} />} loading={verb.isPending || run.wish === "pause"} onClick={() => tell("pause")}>
          {t("do.pause")}
        </Button>
      )}
      {run.state === "paused" && (
        <Button leftSection={<IconPlayerPlay size={16} />} loading={verb.isPending} onClick={() => tell("resume")}>
          {t("do.resume")}
        </Button>
      )}
      {!over && (
        <ConfirmButton
          question={t(run.state === "queued" ? "stop.queuedQuestion" : "stop.question")}
          consequence={t(run.state === "queued" ? "stop.queuedConsequence" : "stop.consequence")}
          onConfirm={() => verb.mutateAsync("cancel")}
        >
          {t(run.state === "queued" ? "do.withdraw" : "do.stop")}
        </ConfirmButton>
      )}
      {over && run.state !== "finished" && <RetryMenu run={run} />}
      {texts && run.lora && <Button component={Link} to={`/loras/${run.lora}`} leftSection={<IconMessages size={16} />}>{t("do.chat")}</Button>}
      <DownloadMenu run={run} />
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" px="xs" aria-label={t("do.more")}><IconDots size={18} /></Button>
        </Menu.Target>
        <Menu.Dropdown>
          {run.state === "running" && (
            <>
              <Menu.Item onClick={() => tell("sample")}>{t(texts ? "do.answer" : "do.sample")}</Menu.Item>
              <Menu.Item onClick={() => tell("checkpoint")}>{t("do.checkpoint")}</Menu.Item>
            </>
          )}
          {busy && <Menu.Item color="var(--loom-bad)" onClick={() => tell("kill")}>{t("do.kill")}</Menu.Item>}
          {(run.lora || run.step > 0) && <Menu.Item component={Link} to={compare}>{t("do.compare")}</Menu.Item>}
          <Menu.Item component={Link} to={`/runs/new?from=${run.id}`}>{t("do.again")}</Menu.Item>
          {over && <RemoveItem run={run} />}
        </Menu.Dropdown>
      </Menu>
      {verb.error && <div className={classes.controlError}><ErrorNote error={verb.error} small /></div>}
    </div>
  );
}

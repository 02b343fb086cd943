// What can be done with a comparison: pause, go on, stop, share, delete.
import { Button, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconDots, IconLink, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ErrorNote } from "@/components/ErrorNote";
import { useRemove, useRetry, useVerb, type Verb } from "@/features/runs/useRun";
import { isBusy, isOver } from "@/features/runs/view/progress";

export function Controls({ run }: { run: Run }) {
  const { t } = useTranslation("experiments");
  const verb = useVerb(run.id);
  const retry = useRetry(run.id);
  const clipboard = useClipboard();
  const over = isOver(run.state);
  const tell = (one: Verb) => verb.mutate(one);
  const share = () => {
    clipboard.copy(globalThis.location.href);
    announce(t("do.shared"));
  };
  const failure = verb.error ?? retry.error;
  return (
    <>
      {isBusy(run.state) && (
        <Button variant="default" leftSection={<IconPlayerPause size={16} />} loading={verb.isPending || run.wish === "pause"} onClick={() => tell("pause")}>{t("do.pause")}</Button>
      )}
      {run.state === "paused" && <Button leftSection={<IconPlayerPlay size={16} />} loading={verb.isPending} onClick={() => tell("resume")}>{t("do.resume")}</Button>}
      {over && run.state !== "finished" && <Button leftSection={<IconPlayerPlay size={16} />} loading={retry.isPending} onClick={() => retry.mutate(null)}>{t("do.goOn")}</Button>}
      {!over && <ConfirmButton question={t("do.stopQuestion")} consequence={t("do.stopConsequence")} onConfirm={() => verb.mutateAsync("cancel")}>{t("do.stop")}</ConfirmButton>}
      <Button variant="default" leftSection={<IconLink size={16} />} onClick={share}>{t("do.share")}</Button>
      {over && (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target><Button variant="default" px="xs" aria-label={t("do.more")}><IconDots size={18} /></Button></Menu.Target>
          <Menu.Dropdown><Remove id={run.id} /></Menu.Dropdown>
        </Menu>
      )}
      {failure && <ErrorNote error={failure} small />}
    </>
  );
}

/** Asks once more in its place. */
function Remove({ id }: { id: string }) {
  const { t } = useTranslation("experiments");
  const [sure, setSure] = useState(false);
  const navigate = useNavigate();
  const remove = useRemove(id);
  const click = () => {
    if (!sure) return setSure(true);
    remove.mutate(undefined, { onSuccess: () => void navigate("/experiments"), onError: (error) => announce(error.message, "bad") });
  };
  return (
    <Menu.Item color="var(--loom-bad)" closeMenuOnClick={false} disabled={remove.isPending} onClick={click}>{t(sure ? "do.removeSure" : "do.remove")}</Menu.Item>
  );
}

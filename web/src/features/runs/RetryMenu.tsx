// Try again: from the newest checkpoint, or from an older one.
import { Button, Menu } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Run } from "@/api/types";
import { announce } from "@/components/announce";
import { useFormat } from "@/lib/useFormat";
import { checkpointsQuery } from "@/features/runs/queries";
import { useRetry } from "@/features/runs/useRun";

export function RetryMenu({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const navigate = useNavigate();
  const retry = useRetry(run.id);
  const checkpoints = useQuery(checkpointsQuery(run.id)).data?.items ?? [];
  const from = (checkpoint: number | null) =>
    retry.mutate(checkpoint, {
      onSuccess: (next) => {
        announce(t("asked.retry"));
        if (next.id !== run.id) void navigate(`/runs/${next.id}`);
      },
      onError: (error) => announce(error.message, "bad"),
    });
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <Button leftSection={<IconRefresh size={16} />} loading={retry.isPending}>{t("do.retry")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => from(null)}>{t(checkpoints.length > 0 ? "do.retryNewest" : "do.retryStart")}</Menu.Item>
        {checkpoints.map(({ step }) => (
          <Menu.Item key={step} onClick={() => from(step)}>{t("do.retryStep", { step: number(step) })}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

// What the run made, to take away: the LoRA first.
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Run } from "@/api/types";
import { useFormat } from "@/lib/useFormat";
import { checkpointsQuery } from "@/features/runs/queries";

export function DownloadMenu({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  const { bytes, number } = useFormat();
  const checkpoints = useQuery(checkpointsQuery(run.id)).data?.items ?? [];
  const texts = kindOf(run.family) === "texts";
  const base = `/api/runs/${run.id}/download`;
  if (!run.lora && checkpoints.length === 0) return null;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant={!run.lora || texts ? "default" : "filled"} leftSection={<IconDownload size={16} />}>{t("download.title")}</Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
        {run.lora && (
          <>
            <Menu.Item component="a" href={`${base}/lora`} download>{t(texts ? "download.adapter" : "download.lora")}</Menu.Item>
            <Menu.Item component={Link} to={`/loras/${run.lora}`}>{t(texts ? "download.formatsTexts" : "download.formats")}</Menu.Item>
          </>
        )}
        {checkpoints.map((one) => (
          <Menu.Item key={one.step} component="a" href={`${base}/checkpoint/${one.step}`} download>
            {t("download.checkpoint", { step: number(one.step), size: bytes(one.bytes) })}
          </Menu.Item>
        ))}
        <Menu.Item component="a" href={`${base}/all`} download>{t("download.all")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

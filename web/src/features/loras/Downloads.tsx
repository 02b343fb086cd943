// The same LoRA for each tool, with the line that says what to do with it there.
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Lora } from "@/api/types";
import classes from "@/features/loras/Loras.module.css";

const TOOLS = ["webui", "comfyui", "diffusers"] as const;

export function Downloads({ lora }: { lora: Lora }) {
  const { t } = useTranslation(["loras", "common"]);
  return (
    <ul className={classes.tools}>
      {TOOLS.map((tool) => {
        const name = t(`tool.${tool}.name`);
        return (
          <li key={tool}>
            <div>
              <strong>{name}</strong>
              <p className={classes.soft}>{t(`tool.${tool}.how`, { file: lora.name })}</p>
            </div>
            <Button
              component="a" href={`/api/loras/${lora.id}/file?for=${tool}`} download variant={tool === "webui" ? "filled" : "default"}
              leftSection={<IconDownload size={16} />} aria-label={t("download", { tool: name })}
            >
              {t("common:action.download")}
            </Button>
          </li>
        );
      })}
    </ul>
  );
}

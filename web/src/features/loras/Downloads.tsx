// The same LoRA for each tool, with the line that says what to do with it there.
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { kindOf } from "@/api/kinds";
import type { Lora } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/loras/Loras.module.css";

const TOOLS = { images: ["webui", "comfyui", "diffusers"], texts: ["peft", "gguf", "ollama", "merged"] } as const;
type Tool = (typeof TOOLS)["images" | "texts"][number];
/** Written when they are first asked for: what goes wrong then is said here, not in a file that was meant to be something else. */
const WRITTEN: ReadonlySet<Tool> = new Set(["gguf", "ollama", "merged"]);

const addressOf = (lora: string, tool: Tool): string => `/api/loras/${lora}/file?for=${tool}`;

export function Downloads({ lora }: { lora: Lora }) {
  const { t } = useTranslation(["loras", "common"]);
  return (
    <ul className={classes.tools}>
      {TOOLS[kindOf(lora.family)].map((tool) => {
        const name = t(`tool.${tool}.name`);
        const shared = { leftSection: <IconDownload size={16} />, "aria-label": t("download", { tool: name }) };
        return (
          <li key={tool}>
            <div>
              <strong>{name}</strong>
              <p className={classes.soft}>{t(`tool.${tool}.how`, { file: lora.name })}</p>
            </div>
            {WRITTEN.has(tool) ? (
              <Written lora={lora.id} tool={tool} {...shared} />
            ) : (
              <Button component="a" href={addressOf(lora.id, tool)} download variant={tool === "webui" || tool === "peft" ? "filled" : "default"} {...shared}>
                {t("common:action.download")}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface WrittenProps {
  lora: string;
  tool: Tool;
  leftSection: React.ReactNode;
  "aria-label": string;
}

function Written({ lora, tool, ...button }: WrittenProps) {
  const { t } = useTranslation(["loras", "common"]);
  const write = useMutation({
    mutationFn: async () => {
      const stream: unknown = await take(api.GET("/api/loras/{lora_id}/file", { params: { path: { lora_id: lora }, query: { for: tool } }, parseAs: "stream" }));
      await (stream as ReadableStream).cancel();
    },
    // by now the server has it, and the browser fetches it as a file
    onSuccess: () => globalThis.location.assign(addressOf(lora, tool)),
  });
  return (
    <div className={classes.written}>
      <Button variant="default" loading={write.isPending} onClick={() => write.mutate()} {...button}>{t("common:action.download")}</Button>
      <p className={classes.soft} role="status">{write.isPending ? t("writing") : null}</p>
      {write.isError ? <ErrorNote error={write.error} small onRetry={() => write.mutate()} /> : null}
    </div>
  );
}

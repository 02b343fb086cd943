// A base model from this browser: gigabytes, in pieces, continued where they stopped.
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { type Item, UploadQueue } from "@/features/datasets/upload/queue";
import { sendTo } from "@/features/datasets/upload/send";
import { useLeaveWarning } from "@/features/datasets/upload/useUploads";
import { filesOfInput } from "@/features/datasets/upload/walk";
import { useFormat } from "@/lib/useFormat";
import classes from "./ModelsPage.module.css";

export function ModelUpload() {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [queue] = useState(
    () => new UploadQueue(sendTo({ kind: "base_model" }), () => void client.invalidateQueries({ queryKey: keys.models })),
  );
  const { items, active } = useSyncExternalStore(queue.subscribe, queue.get);
  useLeaveWarning(active);
  return (
    <div className={classes.upload}>
      <h3>{t("upload.title")}</h3>
      <p>{t("upload.text")}</p>
      <input
        ref={input}
        hidden
        type="file"
        accept=".safetensors"
        onChange={(event) => {
          queue.add(filesOfInput(event.currentTarget.files ?? []));
          event.currentTarget.value = "";
        }}
      />
      <Button variant="default" onClick={() => input.current?.click()}>
        {t("upload.action")}
      </Button>
      {items.map((item) => (
        <UploadItem key={item.id} item={item} onRetry={() => queue.retryFailed()} />
      ))}
    </div>
  );
}

function UploadItem({ item, onRetry }: { item: Item; onRetry: () => void }) {
  const { t } = useTranslation("models");
  const { bytes } = useFormat();
  const words = { name: item.path, sent: bytes(item.sent), size: bytes(item.size) };
  const refused = item.result?.problems[0]?.message;
  return (
    <div className={classes.item} role="status">
      {item.state === "sending" || item.state === "waiting" ? (
        <>
          {t("upload.sending", words)}
          <progress max={1} value={item.size ? item.sent / item.size : 0} aria-label={item.path} />
        </>
      ) : null}
      {item.state === "checking" ? t("upload.checking", words) : null}
      {item.state === "done" || item.state === "same" ? t("upload.done", words) : null}
      {item.error ? <ErrorNote error={item.error} small onRetry={item.state === "failed" ? onRetry : undefined} /> : null}
      {refused ? `${item.path}: ${refused}` : null}
    </div>
  );
}

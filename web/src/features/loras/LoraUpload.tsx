// LoRAs made elsewhere: dropped anywhere on the page or chosen, sent in pieces, continued where they stopped.
import { Anchor, Button } from "@mantine/core";
import { IconFilePlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import area from "@/features/datasets/upload/DropArea.module.css";
import { type Item, UploadQueue } from "@/features/datasets/upload/queue";
import { sendTo } from "@/features/datasets/upload/send";
import { useFileDrop } from "@/features/datasets/upload/useFileDrop";
import { useLeaveWarning } from "@/features/datasets/upload/useUploads";
import { type Chosen, filesOfInput } from "@/features/datasets/upload/walk";
import classes from "@/features/loras/Loras.module.css";
import { useFormat } from "@/lib/useFormat";

const ENDING = /\.safetensors$/i;

export function LoraUpload() {
  const { t } = useTranslation("loras");
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [queue] = useState(() => new UploadQueue(sendTo({ kind: "lora" }), () => void client.invalidateQueries({ queryKey: [...keys.loras, "gallery"] })));
  const [others, setOthers] = useState<string[]>([]);
  const { items, active } = useSyncExternalStore(queue.subscribe, queue.get);
  useLeaveWarning(active);
  const take = (files: Chosen[]) => {
    queue.add(files.filter((one) => ENDING.test(one.path)));
    setOthers(files.filter((one) => !ENDING.test(one.path)).map((one) => one.path));
  };
  const over = useFileDrop(take);
  return (
    <div className={classes.upload}>
      <div className={area.area} data-small data-over={over || undefined}>
        <IconFilePlus className={area.icon} size={22} stroke={1.25} aria-hidden="true" />
        <div className={area.words}>
          <p className={area.title}>{t(over ? "upload.now" : "upload.title")}</p>
          <p className={area.text}>{t("upload.text")}</p>
        </div>
        <input
          ref={input} hidden type="file" multiple accept=".safetensors"
          onChange={(event) => {
            take(filesOfInput(event.currentTarget.files ?? []));
            event.currentTarget.value = "";
          }}
        />
        <Button variant="default" size="sm" onClick={() => input.current?.click()}>{t("upload.action")}</Button>
      </div>
      {others.length > 0 && <p className={classes.wrong} role="alert">{t("upload.wrong", { files: others.join(t("flow.joint")) })}</p>}
      {items.map((item) => <UploadItem key={item.id} item={item} onRetry={() => queue.retryFailed()} />)}
    </div>
  );
}

function UploadItem({ item, onRetry }: { item: Item; onRetry: () => void }) {
  const { t } = useTranslation("loras");
  const { bytes } = useFormat();
  const words = { name: item.path, sent: bytes(item.sent), size: bytes(item.size) };
  const said = { waiting: "upload.sending", sending: "upload.sending", checking: "upload.checking", done: "upload.done", same: "upload.same" } as const;
  const going = item.state === "waiting" || item.state === "sending";
  const refused = item.result?.problems[0];
  return (
    <div className={classes.item} role="status">
      {item.state in said ? t(said[item.state as keyof typeof said], words) : null}
      {item.result?.lora && <> <Anchor component={Link} to={`/loras/${item.result.lora}`}>{t("upload.open")}</Anchor></>}
      {going && <progress max={1} value={item.size ? item.sent / item.size : 0} aria-label={item.path} />}
      {item.error ? <ErrorNote error={item.error} small onRetry={item.state === "failed" ? onRetry : undefined} /> : null}
      {refused && item.state === "refused" ? (
        <>
          {t("upload.refused", { name: item.path })}
          <ErrorNote error={new ApiError(refused.reason, refused.message)} small />
        </>
      ) : null}
    </div>
  );
}

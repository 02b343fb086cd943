// The uploads: one bar for all, a line for each, and the refused ones with their sentence.
import { Button, CloseButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import { Refusal } from "../Refusal";
import type { Item, UploadQueue } from "./queue";
import { totalsOf, type Totals } from "./totals";
import { UploadList } from "./UploadList";
import classes from "./UploadPanel.module.css";

interface UploadPanelProps {
  kind?: Kind;
  queue: UploadQueue;
  items: readonly Item[];
  active: boolean;
}

export function UploadPanel({ kind = "images", queue, items, active }: UploadPanelProps) {
  const { t } = useTranslation("datasets");
  const totals = totalsOf(items);
  const share = totals.bytes ? totals.sent / totals.bytes : totals.settled / totals.files;
  return (
    <section className={classes.panel} aria-label={t("upload.title")}>
      <div className={classes.head}>
        <p className={classes.sum} role="status">
          {active ? <Progress kind={kind} totals={totals} /> : <Outcome kind={kind} totals={totals} />}
        </p>
        {active ? (
          <Button size="compact-sm" variant="default" onClick={() => queue.stop()}>
            {t("upload.stop")}
          </Button>
        ) : null}
        {!active && totals.failed ? (
          <Button size="compact-sm" onClick={() => queue.retryFailed()}>
            {t("upload.retry")}
          </Button>
        ) : null}
        {active ? null : <CloseButton aria-label={t("upload.close")} onClick={() => queue.clear()} />}
      </div>
      {active ? (
        <progress className={classes.bar} max={1} value={share} aria-label={t("upload.title")} />
      ) : null}
      <UploadList items={items} active={active} />
      {totals.refused.length ? <Refused kind={kind} totals={totals} /> : null}
    </section>
  );
}

interface Told {
  kind: Kind;
  totals: Totals;
}

function Progress({ kind, totals }: Told) {
  const { t } = useTranslation("datasets");
  const { bytes, number } = useFormat();
  if (totals.bytes === 0) return t(kind === "texts" ? "upload.readingTexts" : "upload.reading", { count: totals.added });
  const words = { done: number(totals.settled), all: number(totals.files), sent: bytes(totals.sent), size: bytes(totals.bytes) };
  return t("upload.total", words);
}

function Outcome({ kind, totals }: Told) {
  const { t } = useTranslation("datasets");
  const parts = [t(kind === "texts" ? "upload.finishedTexts" : "upload.finished", { count: totals.added })];
  if (totals.captions) parts.push(t("upload.captions", { count: totals.captions }));
  if (totals.duplicates) parts.push(t("upload.duplicates", { count: totals.duplicates }));
  return formatFacts(parts);
}

function Refused({ kind, totals }: Told) {
  const { t } = useTranslation("datasets");
  return (
    <div className={classes.refused}>
      <p>{t(kind === "texts" ? "upload.refusedTexts" : "upload.refusedTitle", { count: totals.refused.length })}</p>
      <ul>
        {totals.refused.slice(0, 100).map((refusal) => (
          <Refusal key={`${refusal.file} ${refusal.message}`} {...refusal} kind={kind} />
        ))}
      </ul>
    </div>
  );
}

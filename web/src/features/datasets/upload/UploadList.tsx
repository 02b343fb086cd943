// A line for each file. Thousands of files are drawn as far as they are seen.
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useErrorWords } from "@/components/errorWords";
import type { Item, ItemState } from "./queue";
import classes from "./UploadPanel.module.css";

const ROW = 32;
const FEW = 4;
const RANK: Record<ItemState, number> = { failed: 0, sending: 1, checking: 2, waiting: 3, refused: 4, same: 5, done: 6 };

export function UploadList({ items, active }: { items: readonly Item[]; active: boolean }) {
  const { t } = useTranslation("datasets");
  const [all, setAll] = useState(false);
  const sorted = [...items].sort((a, b) => RANK[a.state] - RANK[b.state] || a.id - b.id);
  if (!active && !all && !items.some((item) => item.state === "failed"))
    return <ShowAll onClick={() => setAll(true)} label={t("upload.showAll", { count: items.length })} />;
  const shown = all ? sorted : sorted.slice(0, FEW);
  return (
    <>
      <Rows items={shown} />
      {!all && sorted.length > FEW ? (
        <ShowAll onClick={() => setAll(true)} label={t("upload.showAll", { count: items.length })} />
      ) : null}
    </>
  );
}

function ShowAll({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="subtle" color="gray" size="compact-sm" onClick={onClick}>
      {label}
    </Button>
  );
}

function Rows({ items }: { items: readonly Item[] }) {
  const { t } = useTranslation("datasets");
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 6 });
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
    <div ref={box} className={classes.list} tabIndex={0} role="group" aria-label={t("upload.title")}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          return item ? <Row key={item.id} item={item} top={start} /> : null;
        })}
      </div>
    </div>
  );
}

function Row({ item, top }: { item: Item; top: number }) {
  const { t } = useTranslation("datasets");
  const share = item.size ? item.sent / item.size : 0;
  return (
    <div className={classes.row} style={{ transform: `translateY(${top}px)` }}>
      <span className={classes.path}>{item.path}</span>
      <span className={classes.state} data-state={item.state}>
        {item.error ? <Fault error={item.error} /> : t(`upload.${item.state}`)}
      </span>
      {item.state === "sending" ? <span className={classes.line} style={{ transform: `scaleX(${share})` }} aria-hidden="true" /> : null}
    </div>
  );
}

function Fault({ error }: { error: NonNullable<Item["error"]> }) {
  return useErrorWords(error).title;
}

// The log of the training process: the last lines, read while it is open.
import { Select, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import { logQuery } from "@/features/runs/queries";
import classes from "@/features/runs/Run.module.css";

const LINES = ["100", "500", "2000"];

export function Log({ id, live }: { id: string; live: boolean }) {
  const { t } = useTranslation("runs");
  const [lines, setLines] = useState("100");
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const log = useQuery({ ...logQuery(id, Number(lines)), refetchInterval: live && follow ? 2000 : false });
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log.data, follow]);
  if (log.error) return <ErrorNote error={log.error} onRetry={() => void log.refetch()} />;
  return (
    <>
      <div className={classes.tools}>
        <Select
          size="xs" w={150} aria-label={t("log.lines")} allowDeselect={false} value={lines} onChange={(value) => setLines(value ?? "100")}
          data={LINES.map((value) => ({ value, label: t("log.last", { count: Number(value) }) }))}
        />
        <Switch size="sm" label={t("log.follow")} checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
        <CopyButton value={log.data ?? ""} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <pre ref={box} className={classes.text} tabIndex={0} aria-label={t("log.title")}>
        {log.data === undefined ? t("log.reading") : log.data || t("log.empty")}
      </pre>
    </>
  );
}

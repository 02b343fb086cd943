// What is otherwise now than it was at a version, picture by picture; only the rows that are seen exist.
import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { useEditor } from "../editor/useEditor";
import { diffQuery } from "../queries";
import { thumbnailOf } from "../thumbnails";
import { FieldDiff } from "../words/FieldDiff";
import classes from "./Compare.module.css";
import { byImage, type Differing } from "./grouped";

const ROW = 84;
const FIELDS = ["caption", "repeats", "held_out", "crop", "mask", "removed"] as const;

interface CompareProps {
  version: number;
  onClose: () => void;
  onRestore: (version: number) => void;
}

export function Compare({ version, onClose, onRestore }: CompareProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const { dataset, readOnly } = useEditor();
  const { data, isError, error, refetch } = useQuery(diffQuery(dataset.id, version));
  const groups = useMemo(() => byImage(data?.items ?? []), [data]);
  return (
    <Modal opened onClose={onClose} size="min(60rem, 96vw)" title={t(version ? "compare.title" : "compare.titleBeginning", { version })} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {!data && !isError ? <Waiting /> : null}
      {data ? (
        <div className={classes.head}>
          <span role="status">{groups.length ? t("compare.count", { count: groups.length }) : t("compare.same")}</span>
          {readOnly || !groups.length ? null : (
            <Button variant="default" size="compact-sm" onClick={() => onRestore(version)}>
              {t("history.restore")}
            </Button>
          )}
        </div>
      ) : null}
      <Rows groups={groups} />
    </Modal>
  );
}

function Rows({ groups }: { groups: readonly Differing[] }) {
  const { t } = useTranslation("datasets");
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: groups.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 6 });
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reached by keyboard
    <div ref={box} className={classes.box} tabIndex={0} role="region" aria-label={t("compare.list")}>
      <div role="list" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map((row) => {
          const group = groups[row.index];
          if (!group) return null;
          return (
            <div key={group.image} role="listitem" ref={rows.measureElement} data-index={row.index} className={classes.row} style={{ transform: `translateY(${row.start}px)` }}>
              <img src={thumbnailOf(group.image)} alt="" width={64} height={64} loading="lazy" />
              <div className={classes.words}>
                <span className={classes.name}>{group.name}</span>
                {group.fields.map(({ field, before, after }) => {
                  const known = FIELDS.find((one) => one === field);
                  return (
                    <div key={field}>
                      {known && known !== "caption" ? <span className={classes.field}>{t(`diff.field.${known}`)} </span> : null}
                      <FieldDiff field={field} before={before} after={after} />
                    </div>
                  );
                })}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

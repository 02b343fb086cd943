// The examples as rows of their own height; only those that are seen exist, so ten thousand scroll like twenty.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Example } from "../api";
import { useUnsaved } from "../useTexts";
import { ExampleRow, type RowActions } from "./ExampleRow";
import classes from "./Table.module.css";

interface Props extends Omit<RowActions, "onEdit"> {
  dataset: string;
  examples: readonly Example[];
  selected: ReadonlySet<string>;
  readOnly: boolean;
}

/** Of a row with two short cells. */
const USUAL = 74;

export function ExampleTable({ dataset, examples, selected, readOnly, ...actions }: Props) {
  const { t } = useTranslation("texts");
  const unsaved = useUnsaved(dataset);
  const [first, setFirst] = useState<"first" | "last">("first");
  const [top, setTop] = useState(0);
  const rows = useWindowVirtualizer({
    count: examples.length,
    estimateSize: () => USUAL,
    getItemKey: (index) => examples[index]?.id ?? index,
    overscan: 6,
    scrollMargin: top,
  });
  const place = (element: HTMLDivElement | null) => {
    if (element) setTop(element.getBoundingClientRect().top + globalThis.scrollY);
  };
  return (
    <>
      <div className={classes.heads} aria-hidden="true">
        <span>{t("table.number")}</span>
        <span>{t("table.asked")}</span>
        <span>{t("table.answered")}</span>
      </div>
      <div ref={place} role="list" aria-label={t("table.label")} className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const example = examples[row.index];
          if (example === undefined) return null;
          return (
            <div
              key={row.key} ref={rows.measureElement} data-index={row.index} role="listitem" className={classes.row} aria-setsize={examples.length} aria-posinset={row.index + 1}
              style={{ transform: `translateY(${row.start - rows.options.scrollMargin}px)` }}
            >
              <ExampleRow
                dataset={dataset} example={example} unsaved={readOnly ? undefined : unsaved[example.id]} selected={selected.has(example.id)} readOnly={readOnly} first={first}
                {...actions} onEdit={(_, at) => setFirst(at)}
              />
            </div>
          );
        })}
      </div>
    </>
  );
}

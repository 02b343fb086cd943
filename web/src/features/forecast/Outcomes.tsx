// Every finished run: what was told before the start against what it took. A click on a heading sorts.
import { Button, Skeleton } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { TimeAgo } from "@/components/Format";
import classes from "@/features/forecast/Forecasts.module.css";
import { type Column, type Order, type Row, rowOf, sorted } from "@/features/forecast/outcomes";
import { outcomesQuery } from "@/features/forecast/queries";
import { numbers } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";

const COLUMNS = ["name", "time", "device", "base", "source", "secondsTold", "secondsTook", "secondsError", "memoryTold", "memoryTook", "memoryError"] as const satisfies readonly Column[];
const FIGURES = new Set<Column>(COLUMNS.slice(5));

export function Outcomes() {
  const { t } = useTranslation("forecast");
  const [order, setOrder] = useState<Order>({ by: "time", down: true });
  const outcomes = useQuery(outcomesQuery);
  const rows = useMemo(() => sorted((outcomes.data?.items ?? []).map(rowOf), order), [outcomes.data, order]);
  if (outcomes.error && !outcomes.data) return <ErrorNote error={outcomes.error} onRetry={() => void outcomes.refetch()} />;
  if (!outcomes.data) return <Skeleton height={240} />;
  if (rows.length === 0) {
    return <EmptyState title={t("page.none")} action={<Button component={Link} to="/runs/new" variant="default">{t("page.new")}</Button>}>{t("page.noneText")}</EmptyState>;
  }
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <div className={classes.scroll} role="region" aria-label={t("page.table")} tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>{COLUMNS.map((column) => <Head key={column} column={column} order={order} onOrder={setOrder} />)}</tr>
          </thead>
          <tbody>{rows.map((row) => <Line key={row.id} row={row} />)}</tbody>
        </table>
      </div>
    </>
  );
}

function Head({ column, order, onOrder }: { column: Column; order: Order; onOrder: (order: Order) => void }) {
  const { t } = useTranslation("forecast");
  const name = t(`page.column.${column}`);
  const mine = order.by === column;
  const figure = FIGURES.has(column);
  const Icon = order.down ? IconChevronDown : IconChevronUp;
  return (
    <th scope="col" data-figure={figure || undefined} aria-sort={mine ? (order.down ? "descending" : "ascending") : undefined}>
      <button type="button" title={t("page.sort", { column: name })} onClick={() => onOrder({ by: column, down: mine ? !order.down : figure || column === "time" })}>
        {name}
        {mine && <Icon size={13} aria-hidden="true" />}
      </button>
    </th>
  );
}

function Line({ row }: { row: Row }) {
  const { t } = useTranslation("forecast");
  const { bytes, duration } = useFormat();
  const size = (value: number | null) => (value === null ? "–" : bytes(value));
  const time = (value: number | null) => (value === null ? "–" : duration(value));
  return (
    <tr>
      <th scope="row"><Link to={`/runs/${row.id}`}>{row.name}</Link></th>
      <td><TimeAgo time={row.time} /></td><td>{row.device}</td><td>{row.base}</td>
      <td>{row.source === null ? t("page.notTold") : t(`page.source.${row.source}`)}</td>
      <td data-figure>{time(row.secondsTold)}</td><td data-figure>{time(row.secondsTook)}</td><td data-figure><Off error={row.secondsError} inside={row.secondsInside} /></td>
      <td data-figure>{size(row.memoryTold)}</td><td data-figure>{size(row.memoryTook)}</td><td data-figure><Off error={row.memoryError} inside={row.memoryInside} /></td>
    </tr>
  );
}

/** By how much, and whether the truth lay in the range: by a mark too, not by colour alone. */
export function Off({ error, inside }: { error: number | null; inside: boolean | null }) {
  const { t } = useTranslation("forecast");
  const { language } = useFormat();
  if (error === null || inside === null) return "–";
  const text = numbers(language, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(error);
  const said = t(inside ? "page.inside" : "page.outside");
  return <span className={classes.off} data-inside={inside} title={said}>{text} <span role="img" aria-label={said}>{inside ? "✓" : "✕"}</span></span>;
}

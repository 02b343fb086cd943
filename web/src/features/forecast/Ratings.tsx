// How far off the forecasts have been, by where they came from.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/forecast/Forecasts.module.css";
import { ratingsQuery } from "@/features/forecast/queries";
import { useFormat } from "@/lib/useFormat";

const COLUMNS = ["source", "runs", "timeError", "timeIn", "memoryError", "memoryIn"] as const;

export function Ratings() {
  const { t } = useTranslation("forecast");
  const { number, percent } = useFormat();
  const { data, error, refetch } = useQuery(ratingsQuery);
  if (error && !data) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={120} />;
  if (data.items.length === 0) return null;
  const share = (value: number | null) => (value === null ? "–" : percent(value));
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div className={classes.scroll} role="region" aria-label={t("page.good")} tabIndex={0}>
      <table className={classes.table} data-small>
        <thead><tr>{COLUMNS.map((column) => <th key={column} scope="col">{t(`page.rating.${column}`)}</th>)}</tr></thead>
        <tbody>
          {data.items.map((one) => (
            <tr key={one.source}>
              <th scope="row">{t(`page.source.${one.source}`)}</th>
              <td>{number(one.runs)}</td><td>{share(one.time_error)}</td><td>{share(one.time_within)}</td><td>{share(one.memory_error)}</td><td>{share(one.memory_within)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

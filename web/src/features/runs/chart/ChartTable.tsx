// The curves as a table, folded away: the same values for a screen reader, or to copy.
import { Button, Collapse, ScrollArea, Table } from "@mantine/core";
import { useDisclosure, useId } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { spread } from "@/features/runs/chart/columns";
import type { Point, Validation } from "@/features/runs/view/view";
import { formatLoss, formatRate, formatStepTime } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

const ROWS = 40;

interface Props {
  points: readonly Point[];
  smoothed: readonly (number | null)[];
  validations: readonly Validation[];
}

export function ChartTable(props: Props) {
  const { t } = useTranslation("runs");
  const [open, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <div>
      <Button variant="subtle" size="compact-sm" color="gray" onClick={toggle} aria-expanded={open} aria-controls={id}>
        {open ? t("chart.hideTable") : t("chart.showTable")}
      </Button>
      <Collapse expanded={open} id={id}>{open && <Rows {...props} />}</Collapse>
    </div>
  );
}

function Rows({ points, smoothed, validations }: Props) {
  const { t } = useTranslation("runs");
  const format = useFormat();
  const held = new Map(validations.map((one) => [one.step, one]));
  const perplexing = validations.some((one) => one.perplexity != null);
  const value = (loss: number | null | undefined) => (loss == null ? "–" : formatLoss(loss));
  const known = points.map((point, index) => ({ ...point, calm: smoothed[index] }));
  const chosen = new Set(spread(known, ROWS));
  const rows = known.filter((row) => chosen.has(row) || held.has(row.step));
  return (
    <ScrollArea.Autosize mah={360} type="auto" viewportProps={{ tabIndex: 0, role: "region", "aria-label": t("chart.table") }}>
      <Table stickyHeader striped verticalSpacing={4} fz="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
        <Table.Caption>{t("chart.tableOf", { shown: rows.length, all: points.length })}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("chart.step")}</Table.Th><Table.Th>{t("chart.raw")}</Table.Th><Table.Th>{t("chart.smoothed")}</Table.Th>
            <Table.Th>{t("chart.validation")}</Table.Th>{perplexing && <Table.Th>{t("chart.perplexity")}</Table.Th>}<Table.Th>{t("chart.lr")}</Table.Th>
            <Table.Th>{t("chart.memory")}</Table.Th><Table.Th>{t("chart.seconds")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.step}>
              <Table.Td>{row.step.toLocaleString()}</Table.Td><Table.Td>{value(row.loss)}</Table.Td><Table.Td>{value(row.calm)}</Table.Td>
              <Table.Td>{value(held.get(row.step)?.loss)}</Table.Td>{perplexing && <Table.Td>{value(held.get(row.step)?.perplexity)}</Table.Td>}<Table.Td>{formatRate(row.lr)}</Table.Td>
              <Table.Td>{format.bytes(row.memory)}</Table.Td><Table.Td>{formatStepTime(row.seconds, format.language)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}

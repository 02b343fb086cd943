// One of the small plots under the loss.
import { Text } from "@mantine/core";
import type { Columns } from "@/features/runs/chart/columns";
import type { Line } from "@/features/runs/chart/options";
import { Plot } from "@/features/runs/chart/Plot";

interface Props {
  title: string;
  columns: Columns;
  lines: readonly Line[];
  format: (value: number) => string;
  end: number;
  syncKey: string;
}

export function SmallPlot({ title, columns, format, ...rest }: Props) {
  const newest = columns[1]?.at(-1);
  const now = typeof newest === "number" ? format(newest) : "–";
  return (
    <div>
      <Text size="sm" c="dimmed" component="h3" fw={500}>
        {title} <Text span c="var(--loom-text)" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>{now}</Text>
      </Text>
      <Plot label={`${title}: ${now}`} columns={columns} format={format} height={8.25} {...rest} />
    </div>
  );
}

// Loss, learning rate, memory and step time over the steps, with one cursor; loaded when a run's page needs it.
import { Group, Slider, Switch, Text } from "@mantine/core";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "@/features/runs/chart/Charts.module.css";
import { ChartTable } from "@/features/runs/chart/ChartTable";
import { axisEnd, columnsOf, lossColumns, perplexityColumns } from "@/features/runs/chart/columns";
import { LOSS_LINES, LR_LINES, MEMORY_LINES, PERPLEXITY_LINES, TIME_LINES } from "@/features/runs/chart/lines";
import { Plot } from "@/features/runs/chart/Plot";
import { Readout } from "@/features/runs/chart/Readout";
import { SmallPlot } from "@/features/runs/chart/SmallPlot";
import { useSummary } from "@/features/runs/chart/useSummary";
import { smooth } from "@/features/runs/view/smooth";
import type { RunView } from "@/features/runs/view/view";
import { formatLoss, formatRate, formatStepTime, formatTick } from "@/features/runs/words/numbers";
import { formatBytes } from "@/lib/format";

interface Props {
  runId: string;
  view: RunView;
  totalSteps: number;
}

export default function Charts({ runId, view, totalSteps }: Props) {
  const { t, i18n } = useTranslation("runs");
  const { language } = i18n;
  const bytes = useCallback((value: number) => formatBytes(value, language), [language]);
  const seconds = useCallback((value: number) => formatStepTime(value, language), [language]);
  const [amount, setAmount] = useState(0.8);
  const [log, setLog] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const { points, validations } = view;
  const smoothing = useDeferredValue(amount);
  const smoothed = useMemo(() => smooth(points, smoothing), [points, smoothing]);
  const loss = useMemo(() => lossColumns(points, smoothed, validations), [points, smoothed, validations]);
  const lr = useMemo(() => columnsOf(points, "lr"), [points]);
  const memory = useMemo(() => columnsOf(points, "memory", "peak"), [points]);
  const time = useMemo(() => columnsOf(points, "seconds"), [points]);
  const perplexity = useMemo(() => perplexityColumns(validations), [validations]);
  const summary = useSummary(points, validations);
  const shared = { end: axisEnd(points.at(-1)?.step ?? 0, totalSteps), syncKey: runId };

  return (
    <div className={classes.charts}>
      <div className={classes.bar}>
        <Readout points={points} smoothed={smoothed} validations={validations} step={cursor} />
        <Group gap="lg" wrap="nowrap" className={classes.tools}>
          <Switch size="sm" label={t("chart.log")} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
          <div className={classes.smoothing}>
            <Text size="sm" component="span">{t("chart.smoothing")}</Text>
            <Slider
              thumbLabel={t("chart.smoothing")}
              className={classes.slider}
              min={0} max={0.98} step={0.02} value={amount} onChange={setAmount} label={null} size="sm"
            />
            <Text size="sm" component="span" className={classes.amount}>{amount.toFixed(2)}</Text>
          </div>
        </Group>
      </div>
      <Plot label={summary} columns={loss} lines={LOSS_LINES} height={19} format={formatTick} log={log} onCursor={setCursor} {...shared} />
      <div className={classes.legend} aria-hidden>
        <span data-line="raw">{t("chart.raw")}</span>
        <span data-line="smoothed">{t("chart.smoothed")}</span>
        {validations.length > 0 && <span data-line="validation">{t("chart.validation")}</span>}
      </div>
      <Text size="sm" c="dimmed">{summary}</Text>
      <div className={classes.small}>
        {perplexity[0].length > 0 && <SmallPlot title={t("chart.perplexity")} columns={perplexity} lines={PERPLEXITY_LINES} format={formatLoss} {...shared} />}
        <SmallPlot title={t("chart.lr")} columns={lr} lines={LR_LINES} format={formatRate} {...shared} />
        <SmallPlot title={t("chart.memory")} columns={memory} lines={MEMORY_LINES} format={bytes} {...shared} />
        <SmallPlot title={t("chart.seconds")} columns={time} lines={TIME_LINES} format={seconds} {...shared} />
      </div>
      <ChartTable points={points} smoothed={smoothed} validations={validations} />
    </div>
  );
}

// What the run does now, how far it is, and how long it will take: one strip of a fixed height.
import { Progress, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Run } from "@/api/types";
import type { StreamState } from "@/api/socket";
import { useFormat } from "@/lib/useFormat";
import { LivePill } from "@/features/runs/LivePill";
import classes from "@/features/runs/Run.module.css";
import { isBusy, isOver, progressOf } from "@/features/runs/view/progress";
import type { RunView } from "@/features/runs/view/view";
import { useStageWords } from "@/features/runs/words/useStageWords";
import { useTimes } from "@/features/runs/words/useTimes";

export function ProgressStrip({ run, view, link }: { run: Run; view: RunView | null; link: StreamState }) {
  const { t } = useTranslation("runs");
  const { percent } = useFormat();
  const times = useTimes();
  const progress = progressOf(run, view);
  const stage = useStageWords(run, progress);
  const share = progress.share === null ? null : Math.round(progress.share * 1000) / 10;
  const over = isOver(run.state);
  return (
    <section className={classes.strip} data-over={over || undefined} aria-label={t("progress")}>
      <div className={classes.stripWords}>
        <Text fw={600}>{stage.now}</Text>
        <Text c="dimmed" className={classes.stripSteps}>
          {progress.totalSteps > 0 ? times.steps(progress.step, progress.totalSteps) : ""}
          {share !== null && !over ? ` · ${percent(share / 100)}` : ""}
        </Text>
        <Text className={classes.stripEta}>{progress.eta !== null ? times.left(progress.eta) : stage.detail}</Text>
        {!over && <LivePill link={link} />}
      </div>
      <Progress.Root size="md" className={classes.stripBar}>
        <Progress.Section
          value={share ?? (isBusy(run.state) ? 100 : 0)}
          striped={share === null}
          animated={share === null && isBusy(run.state)}
          color={run.state === "finished" ? "var(--loom-good)" : "var(--loom-accent)"}
          aria-label={t("progress")}
          aria-valuetext={stage.now}
        />
      </Progress.Root>
      <VisuallyHidden role="status" aria-live="polite">{stage.said}</VisuallyHidden>
    </section>
  );
}

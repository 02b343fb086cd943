// A run that trains: its newest picture, its stage, how far it is and how long it takes.
import { Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Run } from "@/api/types";
import { StateBadge } from "@/components/StateBadge";
import { pathOf } from "@/features/runs/path";
import { RunCover } from "@/features/runs/RunCover";
import classes from "@/features/queue/Queue.module.css";
import { progressOf } from "@/features/runs/view/progress";
import { formatLoss } from "@/features/runs/words/numbers";
import { useStageWords } from "@/features/runs/words/useStageWords";
import { useTimes } from "@/features/runs/words/useTimes";

export function RunningCard({ run }: { run: Run }) {
  const { t } = useTranslation("queue");
  const times = useTimes();
  const progress = progressOf(run, null);
  const stage = useStageWords(run, progress);
  const facts = [
    progress.totalSteps > 0 && times.steps(progress.step, progress.totalSteps),
    run.loss != null && t("loss", { loss: formatLoss(run.loss) }),
  ];
  return (
    <article className={classes.card}>
      <div className={classes.cover}><RunCover run={run} eager /></div>
      <div className={classes.cardWords}>
        <div className={classes.cardHead}>
          <Link to={pathOf(run)} className={classes.name}>{run.name}</Link>
          {run.kind === "train" && <StateBadge state={run.state} />}
        </div>
        <p className={classes.soft}>{[run.dataset?.name, run.base_model, run.device].filter(Boolean).join(" · ")}</p>
        <Progress
          value={progress.share === null ? 100 : progress.share * 100} animated={progress.share === null} striped={progress.share === null}
          color="var(--loom-accent)" className={classes.bar} aria-label={t("progressOf", { name: run.name })}
        />
        <p className={classes.line}>
          <span>{stage.now}</span>
          <span className={classes.soft}>{facts.filter(Boolean).join(" · ")}</span>
          <span className={classes.eta}>{progress.eta === null ? stage.detail : times.left(progress.eta)}</span>
        </p>
      </div>
    </article>
  );
}

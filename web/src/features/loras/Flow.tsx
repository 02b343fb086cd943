// Train, test, publish: what is known of each, and what comes next.
import { Anchor, Button, Skeleton } from "@mantine/core";
import { IconCircle, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Evidence, ExperimentSummary, Lora } from "@/api/types";
import { TimeAgo } from "@/components/Format";
import classes from "@/features/loras/Flow.module.css";
import { standing } from "@/features/publish/draft";
import { PUBLISH } from "@/features/publish/PublishSection";
import { comparedQuery, evidenceQuery, publicationsQuery } from "@/features/publish/queries";
import { useFormat } from "@/lib/useFormat";

export function Flow({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const evidence = useQuery(evidenceQuery(lora.id));
  const experiments = useQuery(comparedQuery(lora.id)).data?.items ?? [];
  return (
    <ol className={classes.flow} aria-label={t("flow.label")}>
      <Trained lora={lora} evidence={evidence.data} />
      <Tested lora={lora} evidence={evidence.data} experiments={experiments} waiting={evidence.isPending} />
      <Published lora={lora} tested={evidence.data?.tested ?? false} />
    </ol>
  );
}

interface StageProps {
  title: string;
  done: boolean;
  children: ReactNode;
  actions?: ReactNode;
}

function Stage({ title, done, children, actions }: StageProps) {
  const Icon = done ? IconCircleCheck : IconCircle;
  return (
    <li className={classes.stage} data-done={done || undefined}>
      <h2><Icon size={20} stroke={1.75} aria-hidden="true" /> {title}</h2>
      <div className={classes.facts}>{children}</div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </li>
  );
}

function Trained({ lora, evidence }: { lora: Lora; evidence: Evidence | undefined }) {
  const { t } = useTranslation("loras");
  const { number } = useFormat();
  const texts = kindOf(lora.family) === "texts";
  const steps = lora.steps || evidence?.steps || 0;
  const count = evidence?.images;
  const learnt = [
    steps > 0 && t("flow.steps", { count: steps, steps: number(steps) }),
    count != null && t(texts ? "flow.examples" : "flow.pictures", { count, number: number(count) }),
  ].filter((words) => words !== false);
  return (
    <Stage
      title={t(lora.run ? "flow.trained" : "elsewhere")} done
      actions={lora.run && <Anchor component={Link} to={`/runs/${lora.run}`}>{t("openRun")}</Anchor>}
    >
      {learnt.length > 0 && <p>{learnt.join(t("flow.gap"))}</p>}
      <p className={classes.soft}>{t(lora.run ? "flow.made" : "flow.added")} <TimeAgo time={lora.created_at} /></p>
    </Stage>
  );
}

interface TestedProps {
  lora: Lora;
  evidence: Evidence | undefined;
  experiments: readonly ExperimentSummary[];
  waiting: boolean;
}

function Tested({ lora, evidence, experiments, waiting }: TestedProps) {
  const { t } = useTranslation("loras");
  const texts = kindOf(lora.family) === "texts";
  const tested = evidence?.tested ?? false;
  const going = experiments.find((one) => one.run.ended_at == null);
  const newest = experiments.find((one) => one.run.state === "finished")?.run.id ?? evidence?.experiments[0];
  return (
    <Stage
      title={t(tested ? "flow.tested" : "flow.untested")} done={tested}
      actions={
        <>
          <Button component={Link} to={`/experiments/new?lora=${lora.id}`} size="compact-md" variant={tested || going ? "default" : "filled"}>{t(tested ? "flow.compareAgain" : "flow.compare")}</Button>
          {!texts && <Button component={Link} to={`/playground?lora=${lora.id}`} size="compact-md" variant="default">{t("flow.try")}</Button>}
        </>
      }
    >
      {waiting && <Skeleton height={40} width="70%" />}
      {tested && evidence && <Verdict evidence={evidence} newest={newest} />}
      {!waiting && !tested && !going && <p className={classes.soft}>{t("flow.untestedText")}</p>}
      {going && <p>{t("flow.going")} <Anchor component={Link} to={`/experiments/${going.run.id}`}>{going.run.name}</Anchor></p>}
    </Stage>
  );
}

function Verdict({ evidence, newest }: { evidence: Evidence; newest: string | undefined }) {
  const { t } = useTranslation("loras");
  const { number } = useFormat();
  const comparisons = t("flow.comparisons", { count: evidence.experiments.length });
  const said = evidence.votes > 0 ? t("flow.voted", { comparisons, votes: t("flow.votes", { count: evidence.votes }) }) : comparisons;
  return (
    <>
      <p>{t("flow.strength", { strength: number(evidence.strength, 2) })} <span className={classes.soft}>{t(`flow.from.${evidence.strength_from}`)}</span></p>
      <p>{newest ? <Anchor component={Link} to={`/experiments/${newest}`}>{said}</Anchor> : said}</p>
    </>
  );
}

function Published({ lora, tested }: { lora: Lora; tested: boolean }) {
  const { t } = useTranslation(["loras", "publish"]);
  const published = useQuery(publicationsQuery(lora.id));
  const items = published.data?.items ?? [];
  const out = standing(items);
  const newest = out[0];
  const places = [...new Set(out.map((one) => one.target))];
  return (
    <Stage
      title={t(newest ? "flow.published" : "flow.unpublished")} done={newest !== undefined}
      actions={<Button component={Link} to={{ hash: PUBLISH }} replace size="compact-md" variant={tested && !newest ? "filled" : "default"}>{t(newest ? "publish:next" : "publish:open")}</Button>}
    >
      {published.isPending && <Skeleton height={40} width="70%" />}
      {newest && <p>{t("publish:version", { version: newest.version })} · {places.map((one) => t(`publish:target.${one}.title`)).join(t("flow.joint"))}</p>}
      {newest && <p className={classes.soft}><TimeAgo time={newest.created_at} /></p>}
      {published.isSuccess && !newest && <p className={classes.soft}>{t("flow.unpublishedText")}</p>}
    </Stage>
  );
}

// A comparison by one of its pictures, with how far it is and how often it was voted on.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ExperimentSummary } from "@/api/types";
import { TimeAgo } from "@/components/Format";
import { Picture } from "@/components/Picture";
import { TextSheet } from "@/features/datasets/Cover";
import classes from "@/features/experiments/list/List.module.css";
import { ExperimentState } from "@/features/experiments/list/ExperimentState";
import { isBusy } from "@/features/runs/view/progress";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";

export function ExperimentCard({ experiment: { run, kind, cells, columns, votes, cover } }: { experiment: ExperimentSummary }) {
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const facts = [t("columnsCount", { count: columns }), t(kind === "texts" ? "answersCount" : "picturesCount", { count: cells, shown: number(cells) })];
  if (votes > 0) facts.push(t("votesCount", { count: votes }));
  const counted = isBusy(run.state) && run.stage === "comparing" && run.stage_total ? t("doneOf", { done: number(run.stage_done ?? 0), total: number(run.stage_total) }) : null;
  return (
    <Link to={`/experiments/${run.id}`} className={classes.card}>
      {kind === "texts" ? <TextSheet small /> : <Picture src={cover} alt="" />}
      <strong>{run.name}</strong>
      <span className={classes.line}><ExperimentState state={run.state} kind={kind} /> {counted ?? <TimeAgo time={run.ended_at ?? run.created_at} />}</span>
      <span className={classes.soft}>{formatFacts(facts)}</span>
    </Link>
  );
}

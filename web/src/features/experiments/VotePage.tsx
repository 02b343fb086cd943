// Blind votes: two pictures or answers of one prompt and seed, and nothing that tells which is which.
import { Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { EmptyState } from "@/components/EmptyState";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Ranked } from "@/features/experiments/beside/RankingSection";
import { ballotQuery, experimentQuery, rankingQuery } from "@/features/experiments/queries";
import { Booth } from "@/features/experiments/vote/Booth";
import classes from "@/features/experiments/vote/Vote.module.css";
import { useFormat } from "@/lib/useFormat";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("experiments");
  const { number } = useFormat();
  const ballot = useQuery(ballotQuery(id));
  const done = ballot.data !== undefined && (!ballot.data.left || !ballot.data.right);
  const above = <Anchor component={Link} to={`/experiments/${id}`} inherit>{t("vote.back")}</Anchor>;
  return (
    <Page wide title={t("vote.title")} above={above} actions={ballot.data && ballot.data.total > 0 ? <p className={classes.count}>{t("vote.progress", { done: number(ballot.data.done), total: number(ballot.data.total) })}</p> : null}>
      {ballot.error && ballot.data === undefined && <ErrorNote error={ballot.error} onRetry={() => void ballot.refetch()} />}
      {ballot.isPending && <Skeleton height="60vh" />}
      {ballot.data && !done && <Booth id={id} ballot={ballot.data} />}
      {done && ballot.data?.total === 0 && <EmptyState title={t("vote.tooFew")}>{t("vote.tooFewText")}</EmptyState>}
      {done && (ballot.data?.total ?? 0) > 0 && <Ending id={id} />}
    </Page>
  );
}

/** What all of them said; shown when nothing is left, so that it sways nobody. */
function Ending({ id }: { id: string }) {
  const { t } = useTranslation("experiments");
  const experiment = useQuery(experimentQuery(useQueryClient(), id));
  const ranking = useQuery(rankingQuery(id));
  return (
    <div className={classes.ending}>
      <h2>{t("vote.thanks")}</h2>
      <p>{t("vote.thanksText")}</p>
      {ranking.error && <ErrorNote error={ranking.error} onRetry={() => void ranking.refetch()} />}
      {ranking.data && experiment.data ? <Ranked ranking={ranking.data} experiment={experiment.data} /> : <Skeleton height={200} />}
      <Button component={Link} to={`/experiments/${id}`} mt="md">{t("vote.back")}</Button>
    </div>
  );
}

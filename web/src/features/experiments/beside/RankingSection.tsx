// How people voted: every column's score with its interval on one line, as a picture and as a table.
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Experiment, Ranking } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/experiments/beside/Beside.module.css";
import { chance, scaleOf } from "@/features/experiments/beside/ranking";
import { rankingQuery } from "@/features/experiments/queries";
import { useColumnWords } from "@/features/experiments/useColumnWords";
import { useFormat } from "@/lib/useFormat";

export function RankingSection({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation("experiments");
  const ranking = useQuery(rankingQuery(experiment.run.id));
  const vote = <Button component={Link} to={`/experiments/${experiment.run.id}/vote`} variant="default" size="compact-md">{t("vote.start")}</Button>;
  return (
    <section aria-labelledby="ranking">
      <h2 id="ranking">{t("ranking.title")}</h2>
      {ranking.error && <ErrorNote error={ranking.error} small onRetry={() => void ranking.refetch()} />}
      {ranking.isPending && <Skeleton height={140} />}
      {ranking.data && (ranking.data.votes === 0 ? <p className={classes.soft}>{t("ranking.none")} {vote}</p> : <Ranked ranking={ranking.data} experiment={experiment} />)}
    </section>
  );
}

export function Ranked({ ranking, experiment }: { ranking: Ranking; experiment: Experiment }) {
  const { t } = useTranslation("experiments");
  const { number, percent } = useFormat();
  const wordsOf = useColumnWords(experiment.experiment);
  const scale = scaleOf(ranking.items);
  const [first, second] = ranking.items;
  const nameOf = (column: number) => (experiment.columns[column] ? wordsOf(experiment.columns[column]).full : String(column));
  return (
    <>
      <p className={classes.soft}>
        {t("ranking.votes", { count: ranking.votes })}{t("comma")}{t("ranking.voters", { count: ranking.voters })}
        {first && second ? ` · ${t("ranking.chance", { first: nameOf(first.column), second: nameOf(second.column), share: percent(chance(first.score, second.score)) })}` : ""}
      </p>
      <table className={classes.ranking}>
        <caption className={classes.hidden}>{t("ranking.title")}</caption>
        <thead className={classes.hidden}>
          <tr><th scope="col">{t("axis.column")}</th><th scope="col">{t("ranking.score")}</th><th scope="col">{t("ranking.wins")}</th></tr>
        </thead>
        <tbody>
          {ranking.items.map((one, place) => (
            <tr key={one.column}>
              <th scope="row"><span className={classes.rank}>{place + 1}</span> {nameOf(one.column)}</th>
              <td>
                <span className={classes.hidden}>{t("ranking.between", { score: number(one.score, 2), low: number(one.low, 2), high: number(one.high, 2) })}</span>
                <svg className={classes.line} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <line x1={scale.zero * 100} x2={scale.zero * 100} y1="0" y2="10" data-zero />
                  <line x1={scale.at(one.low) * 100} x2={scale.at(one.high) * 100} y1="5" y2="5" />
                </svg>
                <i className={classes.dot} style={{ left: `${scale.at(one.score) * 100}%` }} data-first={place === 0 || undefined} />
              </td>
              <td className={classes.wins}>{t("ranking.won", { wins: number(one.wins, 1), votes: number(one.votes) })}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.soft}>{t("ranking.help")}</p>
    </>
  );
}

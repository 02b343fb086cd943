// The column that is proposed, and why, in sentences with their figures.
import { Text } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Experiment, Proposed } from "@/api/types";
import classes from "@/features/experiments/beside/Beside.module.css";
import { useColumnWords } from "@/features/experiments/useColumnWords";
import { useFormat } from "@/lib/useFormat";

/** What speaks against it, or makes it less sure. */
const WARNINGS = new Set(["copies", "leaks", "loses_diversity", "base_better", "few_votes"]);

export function Proposal({ experiment, proposal }: { experiment: Experiment; proposal: Proposed }) {
  const { t, i18n } = useTranslation("experiments");
  const { number, percent } = useFormat();
  const wordsOf = useColumnWords(experiment.experiment);
  const column = experiment.columns[proposal.column];
  if (!column) return null;
  const shown = (value: number | null | undefined) => (value == null ? "–" : number(value, 2));
  const reasons = (proposal.reasons ?? []).filter(({ key }) => key !== "equal").map(({ key, value, other, text }) => ({
    key,
    words: i18n.exists(`experiments:reason.${key}`)
      ? t(`reason.${key as "best_style"}`, { value: key === "votes_first" && value != null ? percent(value) : shown(value), other: shown(other) })
      : text || key,
  }));
  return (
    <section className={classes.proposal} aria-labelledby="proposal">
      <IconSparkles size={22} stroke={1.5} className={classes.spark} aria-hidden="true" />
      <div>
        <h2 id="proposal">{t("proposal.title", { name: wordsOf(column).full })}</h2>
        {reasons.length > 0 && <ul>{reasons.map(({ key, words }) => <li key={key} data-warns={WARNINGS.has(key) || undefined}>{words}</li>)}</ul>}
        <Text size="sm" c="dimmed">{t(proposal.sure ? "proposal.sure" : "proposal.unsure")} {t(proposal.by === "votes" ? "proposal.byVotes" : "proposal.byMeasures")}</Text>
      </div>
    </section>
  );
}

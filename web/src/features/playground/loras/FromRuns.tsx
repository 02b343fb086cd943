// Runs that draw, also those that still train: the newest checkpoint is taken, an earlier one is chosen afterwards.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/kinds";
import { ErrorNote } from "@/components/ErrorNote";
import { Picture } from "@/components/Picture";
import { StateBadge } from "@/components/StateBadge";
import { Waiting } from "@/components/Waiting";
import { trainedRunsQuery } from "@/features/playground/queries";
import { useFormat } from "@/lib/useFormat";
import type { Choosing } from "./AddLora";
import classes from "./Loras.module.css";

export function FromRuns({ search, family, chosen, onAdd }: Choosing) {
  const { t } = useTranslation("playground");
  const { number } = useFormat();
  const query = useQuery(trainedRunsQuery(search));
  if (query.error) return <ErrorNote error={query.error} small onRetry={() => void query.refetch()} />;
  if (!query.data) return <Waiting label={t("add.loading")} />;
  const runs = query.data.items.filter((run) => kindOf(run.family) === "images" && run.step > 0);
  if (runs.length === 0) return <p className={classes.soft}>{t(search === "" ? "add.noRuns" : "add.noMatch")}</p>;
  return (
    <ul className={classes.runs}>
      {runs.map((run) => {
        const misfit = family !== null && run.family !== family;
        const on = chosen.some((one) => one.run === run.id);
        return (
          <li key={run.id}>
            <button type="button" className={classes.run} disabled={misfit || on} onClick={() => onAdd({ run: run.id, step: null, strength: 1, blocks: {} }, run.family, run.base_model)}>
              <Picture src={run.cover ?? null} alt="" />
              <span>
                <strong>{run.name}</strong>
                <span className={classes.soft}>{on ? t("add.on") : misfit ? t("add.misfit") : t("loras.atStep", { step: number(run.step) })}</span>
              </span>
              <StateBadge state={run.state} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

// One run of the list; one that failed says why and what to do.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Run } from "@/api/types";
import { TimeAgo } from "@/components/Format";
import { StateBadge } from "@/components/StateBadge";
import classes from "@/features/runs/list/History.module.css";
import { RunCover } from "@/features/runs/RunCover";
import { Why } from "@/features/runs/list/Why";
import { isBroken } from "@/features/runs/view/progress";
import { formatLoss } from "@/features/runs/words/numbers";
import { useFormat } from "@/lib/useFormat";

export function Row({ run, onTag }: { run: Run; onTag: (tag: string) => void }) {
  const { t } = useTranslation("runs");
  const { number } = useFormat();
  const steps = run.total_steps ? `${number(run.step)} / ${number(run.total_steps)}` : "–";
  return (
    <tr>
      <td>
        <div className={classes.run}>
          <div className={classes.cover}><RunCover run={run} /></div>
          <div className={classes.words}>
            <Link to={`/runs/${run.id}`} className={classes.link}>{run.name}</Link>
            {run.tags.length > 0 && (
              <span className={classes.tags}>
                {run.tags.map((tag) => <button key={tag} type="button" className={classes.tag} onClick={() => onTag(tag)}>{tag}</button>)}
              </span>
            )}
            {run.error && isBroken(run.state) && <Why error={run.error} />}
          </div>
        </div>
      </td>
      <td data-label={t("list.columns.state")}><StateBadge state={run.state} /></td>
      <td data-label={t("list.columns.loss")}>{run.loss == null ? "–" : formatLoss(run.loss)}</td>
      <td data-label={t("list.columns.steps")}>{steps}</td>
      <td data-label={t("list.columns.dataset")}>
        {run.dataset == null ? "–" : <Link to={`/datasets/${run.dataset.id}`} className={classes.quiet}>{run.dataset.name}</Link>}
      </td>
      <td data-label={t("list.columns.when")}><TimeAgo time={run.ended_at ?? run.started_at ?? run.created_at} /></td>
    </tr>
  );
}

// The sections of a comparison's page.
import { Anchor, Button } from "@mantine/core";
import { IconThumbUp } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Experiment, Run } from "@/api/types";
import { EditableTitle } from "@/components/EditableTitle";
import { Page } from "@/components/Page";
import { About } from "@/features/experiments/beside/About";
import { Measures } from "@/features/experiments/beside/Measures";
import { Proposal } from "@/features/experiments/beside/Proposal";
import { RankingSection } from "@/features/experiments/beside/RankingSection";
import { Controls } from "@/features/experiments/Controls";
import classes from "@/features/experiments/Experiment.module.css";
import { Cells } from "@/features/experiments/grid/Cells";
import { ExperimentState } from "@/features/experiments/list/ExperimentState";
import { Progress } from "@/features/experiments/Progress";
import { experimentQuery } from "@/features/experiments/queries";
import { Broken } from "@/features/runs/Broken";
import { runQuery } from "@/features/runs/queries";
import { useChange } from "@/features/runs/useRun";
import { isBroken } from "@/features/runs/view/progress";

export function ExperimentScreen({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation("experiments");
  const run = useLiveRun(experiment.run);
  const change = useChange(run.id);
  const kind = experiment.experiment.kind ?? "images";
  const there = experiment.cells.filter((cell) => cell.there).length;
  return (
    <Page
      wide title={run.name}
      above={<span className={classes.above}><Anchor component={Link} to="/experiments" inherit>{t("title")}</Anchor> <ExperimentState state={run.state} kind={kind} /></span>}
      heading={<EditableTitle name={run.name} label={t("new.name")} onSave={(name) => change.mutateAsync({ name })} />}
      actions={
        <>
          {there > 1 && <Button component={Link} to={`/experiments/${run.id}/vote`} variant="default" leftSection={<IconThumbUp size={16} />}>{t("vote.start")}</Button>}
          <Controls run={run} />
        </>
      }
    >
      <div className={classes.sections}>
        <Progress run={run} experiment={experiment} />
        {run.error && isBroken(run.state) && <Broken id={run.id} error={run.error} />}
        {experiment.proposal && <Proposal experiment={experiment} proposal={experiment.proposal} />}
        <Cells experiment={experiment} />
        <Measures experiment={experiment} state={run.state} />
        <div className={classes.columns}>
          <RankingSection experiment={experiment} />
          <About experiment={experiment} run={run} />
        </div>
      </div>
    </Page>
  );
}

/** The run as the live stream knows it; when its state changes, what it has made is read again. */
function useLiveRun(first: Run): Run {
  const client = useQueryClient();
  const run = useQuery({ ...runQuery(first.id), enabled: false }).data ?? first;
  const before = useRef(run.state);
  useEffect(() => {
    if (before.current === run.state) return;
    before.current = run.state;
    void client.invalidateQueries({ queryKey: experimentQuery(client, run.id).queryKey });
  }, [client, run.id, run.state]);
  return run;
}

// Other machines that carry out runs: what they have and do, given no more runs, or forgotten.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { Section } from "../Section";
import classes from "../Section.module.css";
import { workersQuery } from "./queries";
import { WorkerRow } from "./WorkerRow";

export function WorkersSection() {
  const { t } = useTranslation("settings");
  const workers = useQuery(workersQuery);
  return (
    <Section title={t("workers.title")} text={t("workers.text")}>
      {workers.isError ? <ErrorNote error={workers.error} onRetry={() => void workers.refetch()} /> : null}
      {workers.data?.items.length === 0 ? <p className={classes.text}>{t("workers.none")}</p> : null}
      {workers.data?.items.length ? (
        <ul className={classes.rows}>
          {workers.data.items.map((worker) => (
            <WorkerRow key={worker.id} worker={worker} />
          ))}
        </ul>
      ) : null}
    </Section>
  );
}

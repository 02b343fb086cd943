// The base models that runs may start from, and how to add one.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { modelsQuery } from "@/api/queries";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Waiting } from "@/components/Waiting";
import { AddBySource } from "./AddBySource";
import { ModelCard } from "./ModelCard";
import { ModelUpload } from "./ModelUpload";
import classes from "./ModelsPage.module.css";

export function Component() {
  const { t } = useTranslation("models");
  const { data, isError, error, refetch } = useQuery(modelsQuery);
  return (
    <Page title={t("title")} lead={t("lead")}>
      <div className={classes.columns}>
        <section aria-label={t("list")}>
          {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
          {!data && !isError ? <Waiting /> : null}
          <ul className={classes.list}>
            {data?.items.map((model) => <ModelCard key={model.id} model={model} />)}
          </ul>
        </section>
        <aside className={classes.add} aria-labelledby="add-model">
          <h2 id="add-model">{t("add.title")}</h2>
          <AddBySource />
          <hr />
          <ModelUpload />
        </aside>
      </div>
    </Page>
  );
}

// A data set as a contact sheet of its first four pictures, or a sheet of writing.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Dataset } from "@/api/types";
import { Cover } from "./Cover";
import classes from "./DatasetTile.module.css";

export function DatasetTile({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  return (
    <Link to={`/datasets/${dataset.id}`} className={classes.tile}>
      <Cover dataset={dataset} className={classes.sheet} />
      <span className={classes.name}>{dataset.name}</span>
      <span className={classes.detail}>
        {dataset.kind === "texts" ? t("examples", { count: dataset.examples }) : t("pictures", { count: dataset.images })}
        {dataset.drafts ? <span className={classes.problems}>{t("drafts", { count: dataset.drafts })}</span> : null}
        {dataset.problems ? <span className={classes.problems}>{t("problems.count", { count: dataset.problems })}</span> : null}
      </span>
    </Link>
  );
}

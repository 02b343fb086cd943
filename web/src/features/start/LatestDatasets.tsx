// The newest data sets, by their pictures.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { datasetsQuery } from "@/api/queries";
import { DatasetTile } from "@/features/datasets/DatasetTile";
import classes from "./Latest.module.css";

export function LatestDatasets() {
  const { t } = useTranslation("start");
  const { data } = useQuery(datasetsQuery);
  if (!data?.items.length) return null;
  return (
    <section aria-labelledby="latest-datasets">
      <div className={classes.head}>
        <h2 id="latest-datasets" className={classes.title}>
          {t("datasets.title")}
        </h2>
        <Link to="/datasets">{t("datasets.all")}</Link>
      </div>
      <ul className={classes.sets}>
        {data.items.slice(0, 4).map((dataset) => (
          <li key={dataset.id}>
            <DatasetTile dataset={dataset} />
          </li>
        ))}
      </ul>
    </section>
  );
}

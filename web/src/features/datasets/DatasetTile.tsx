// A data set as a contact sheet of its first four pictures.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Dataset } from "@/api/types";
import { Picture } from "@/components/Picture";
import { thumbnailOf } from "./thumbnails";
import classes from "./DatasetTile.module.css";

const PLACES = [0, 1, 2, 3] as const;

export function DatasetTile({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  return (
    <Link to={`/datasets/${dataset.id}`} className={classes.tile}>
      <span className={classes.sheet}>
        {PLACES.map((place) => {
          const cover = dataset.covers[place];
          return <Picture key={place} src={cover ? thumbnailOf(cover) : null} alt="" className={classes.cover} />;
        })}
      </span>
      <span className={classes.name}>{dataset.name}</span>
      <span className={classes.detail}>
        {t("pictures", { count: dataset.images })}
        {dataset.problems ? <span className={classes.problems}>{t("problems.count", { count: dataset.problems })}</span> : null}
      </span>
    </Link>
  );
}

// One picture of a data set: to look at, to describe, to take out.
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Image } from "@/api/types";
import { Picture } from "@/components/Picture";
import { useFormat } from "@/lib/useFormat";
import { CaptionField } from "./CaptionField";
import classes from "./ImageCard.module.css";

interface ImageCardProps {
  dataset: string;
  image: Image;
  readOnly: boolean;
  onOpen: () => void;
  onDelete: () => void;
}

export function ImageCard({ dataset, image, readOnly, onOpen, onDelete }: ImageCardProps) {
  const { t } = useTranslation("datasets");
  const { bytes } = useFormat();
  return (
    <article className={classes.card} aria-label={image.name}>
      <button type="button" className={classes.open} aria-label={t("grid.open", { name: image.name })} onClick={onOpen}>
        <Picture src={image.thumbnail} alt="" fit="contain" />
      </button>
      <div className={classes.facts}>
        <span className={classes.name} title={image.name}>
          {image.name.split("/").pop()}
        </span>
        <span className={classes.size} title={bytes(image.bytes)}>
          {image.width} × {image.height}
        </span>
      </div>
      <CaptionField dataset={dataset} image={image} readOnly={readOnly} />
      {readOnly ? null : (
        <button type="button" className={classes.delete} aria-label={t("grid.delete", { name: image.name })} onClick={onDelete}>
          <IconTrash size={15} stroke={1.6} aria-hidden="true" />
        </button>
      )}
    </article>
  );
}

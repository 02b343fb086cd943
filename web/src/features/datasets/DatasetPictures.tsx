// The pictures of a data set with what narrows them: a search, and how large they are.
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dataset } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { readStored, store } from "@/lib/stored";
import { useFormat } from "@/lib/useFormat";
import classes from "./DatasetPage.module.css";
import { ImageGrid } from "./grid/ImageGrid";
import { useImages } from "./imagesQuery";

const SIZES = { min: 120, max: 360, step: 20, first: 180 } as const;

export function DatasetPictures({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const { number } = useFormat();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search.trim(), 250);
  const [size, setSize] = useState(() => Number(readStored("gallery-size")) || SIZES.first);
  const { images, isError, error, refetch, hasNextPage } = useImages(dataset.id, wanted);
  const total = wanted || !hasNextPage ? images.length : Math.max(images.length, dataset.images);

  const resize = (value: number) => {
    setSize(value);
    store("gallery-size", String(value));
  };

  return (
    <section aria-label={t("grid.label")}>
      <div className={classes.bar}>
        <TextInput
          className={classes.search}
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          aria-label={t("grid.search")}
          placeholder={t("grid.search")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <span role="status" className={classes.count}>
          {wanted ? t("grid.shown", { count: number(images.length), all: number(dataset.images) }) : null}
        </span>
        <input
          type="range"
          className={classes.size}
          aria-label={t("grid.size")}
          title={t("grid.size")}
          min={SIZES.min}
          max={SIZES.max}
          step={SIZES.step}
          value={size}
          onChange={(event) => resize(event.currentTarget.valueAsNumber)}
        />
      </div>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {wanted && !images.length && !hasNextPage ? <p className={classes.count}>{t("grid.empty")}</p> : null}
      <ImageGrid dataset={dataset.id} images={images} total={total} size={size} readOnly={!dataset.mine} />
    </section>
  );
}

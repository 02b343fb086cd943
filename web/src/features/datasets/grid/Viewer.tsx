// One picture large, with its caption; the arrow keys go on to the next.
import { ActionIcon, Modal } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Image } from "@/api/types";
import { useFormat } from "@/lib/useFormat";
import { fileOf } from "../thumbnails";
import { CaptionField } from "./CaptionField";
import classes from "./Viewer.module.css";

interface ViewerProps {
  dataset: string;
  images: readonly Image[];
  opened: string | null;
  onChange: (image: string | null) => void;
  readOnly: boolean;
}

export function Viewer({ dataset, images, opened, onChange, readOnly }: ViewerProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const { bytes } = useFormat();
  const at = images.findIndex((image) => image.id === opened);
  const image = images[at];
  const go = (by: number) => {
    const next = images[at + by];
    if (next) onChange(next.id);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target instanceof HTMLTextAreaElement) return;
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  };
  return (
    <Modal
      opened={image !== undefined}
      onClose={() => onChange(null)}
      size="min(70rem, 96vw)"
      title={image?.name}
      closeButtonProps={{ "aria-label": t("common:action.close") }}
      onKeyDown={onKeyDown}
    >
      {image ? (
        <>
          <div className={classes.stage}>
            <img key={image.id} src={fileOf(image.id)} alt={image.caption ?? image.name} className={classes.picture} />
            <ActionIcon className={classes.before} variant="default" size="lg" disabled={at === 0} aria-label={t("viewer.previous")} onClick={() => go(-1)}>
              <IconChevronLeft size={18} />
            </ActionIcon>
            <ActionIcon className={classes.after} variant="default" size="lg" disabled={at === images.length - 1} aria-label={t("viewer.next")} onClick={() => go(1)}>
              <IconChevronRight size={18} />
            </ActionIcon>
          </div>
          <p className={classes.facts}>
            {image.width} × {image.height}, {bytes(image.bytes)}
          </p>
          <CaptionField key={`caption ${image.id}`} dataset={dataset} image={image} rows={3} readOnly={readOnly} />
        </>
      ) : null}
    </Modal>
  );
}

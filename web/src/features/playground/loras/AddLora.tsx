// Choosing a LoRA: one of the gallery, or what a run has trained so far.
import { Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LoraAsked } from "@/features/playground/types";
import { FromGallery } from "./FromGallery";
import { FromRuns } from "./FromRuns";
import classes from "./Loras.module.css";

export interface Choosing {
  search: string;
  /** Of which family it must be, because of the others. */
  family: string | null;
  chosen: readonly LoraAsked[];
  onAdd: (lora: LoraAsked, family: string, base: string) => void;
}

const PLACES = ["gallery", "runs"] as const;
type From = (typeof PLACES)[number];

export function AddLora({ onClose, ...choosing }: Omit<Choosing, "search"> & { onClose: () => void }) {
  const { t } = useTranslation(["playground", "common"]);
  const [from, setFrom] = useState<From>("gallery");
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed.trim(), 250);
  const Choice = from === "gallery" ? FromGallery : FromRuns;
  return (
    <Modal opened onClose={onClose} size="lg" title={t("add.title")} closeButtonProps={{ "aria-label": t("common:action.close") }}>
      <div className={classes.add}>
        <SegmentedControl aria-label={t("add.from")} value={from} data={PLACES.map((value) => ({ value, label: t(`add.${value}`) }))} onChange={(value) => setFrom(value as From)} />
        <TextInput
          type="search" aria-label={t("add.search")} placeholder={t("add.search")} leftSection={<IconSearch size={16} aria-hidden="true" />} data-autofocus value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <div className={classes.found}>
          <Choice search={search} {...choosing} />
        </div>
      </div>
    </Modal>
  );
}

// The base model: only those that draw, and that the LoRAs fit.
import { Anchor, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Model } from "@/api/types";
import { drawing } from "@/features/playground/loras/fits";
import classes from "./Controls.module.css";

interface Props {
  models: readonly Model[] | undefined;
  base: Model | undefined;
  /** What is asked for, though it may not be there. */
  named: string;
  family: string | null;
  onChange: (id: string) => void;
}

export function BaseField({ models, base, named, family, onChange }: Props) {
  const { t } = useTranslation("playground");
  const able = drawing(models ?? [], family);
  const misfit = base !== undefined && !able.includes(base);
  const gone = models !== undefined && base === undefined;
  const shown = base && misfit ? [...able, base] : able;
  const data = shown.map((model) => ({
    value: model.id, label: [model.name, t(`family.${model.family as "sd1"}`, { defaultValue: model.family ?? "" }), ...(model.available ? [] : [t("base.gone")])].join(" · "), disabled: !model.available,
  }));
  return (
    <Select
      className={classes.wide} label={t("base.label")} allowDeselect={false} searchable={data.length > 8} value={base?.id ?? named}
      data={base ? data : [...data, { value: named, label: named, disabled: true }]}
      error={gone ? <>{t("base.unknown")} <Anchor component={Link} to="/models" inherit>{t("base.add")}</Anchor></> : misfit ? t("base.misfit") : undefined}
      onChange={(id) => id !== null && onChange(id)}
    />
  );
}

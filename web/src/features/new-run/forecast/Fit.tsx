// "Fit to this machine": what would be changed and why, and one button for all of it.
import { Button } from "@mantine/core";
import { IconAdjustments, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Fitted } from "@/api/types";
import { useCoded } from "@/features/forecast/useCoded";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { useSettingWords } from "@/features/new-run/forecast/useSettingWords";
import type { Flat, Value } from "@/features/new-run/form/nested";

interface Props {
  fit: Fitted;
  /** The device by name where another than the usual is asked about. */
  device: string | null;
  stale: boolean;
  onPut: (values: Flat) => void;
}

export function Fit({ fit, device, stale, onPut }: Props) {
  const { t } = useTranslation("forecast");
  const coded = useCoded();
  const { nameOf, valueOf } = useSettingWords();
  const { changes, fits } = fit;
  const title = device === null ? t("fit.title") : t("fit.to", { device });
  if (changes.length === 0) return <p className={fits ? classes.good : classes.bad}>{fits && <IconCheck size={16} aria-hidden="true" />}{t(fits ? "fit.nothing" : "fit.never")}</p>;
  return (
    <section className={classes.fit} aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {changes.map((change) => (
          <li key={change.key}>
            <strong>{t("fit.change", { name: nameOf(change.key), old: valueOf(change.key, change.old), new: valueOf(change.key, change.new) })}</strong>{" "}
            <span>{coded("fit", change.code, "message", change.message, change.values)}</span>
          </li>
        ))}
      </ul>
      {!fits && <p className={classes.bad}>{t("fit.never")}</p>}
      <Button
        variant="default" size="xs" leftSection={<IconAdjustments size={16} />} disabled={stale}
        onClick={() => onPut(Object.fromEntries(changes.map(({ key, new: value }) => [key, value as Value])))}
      >
        {t("fit.apply", { count: changes.length })}
      </Button>
    </section>
  );
}

// What the person pays for power and for the device; empty where it does not matter.
import { NumberInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "@/features/new-run/forecast/Forecast.module.css";
import { MOST, PRICES, type Prices } from "@/features/new-run/forecast/prices";

export function PriceFields({ prices, onChange }: { prices: Prices; onChange: (prices: Prices) => void }) {
  const { t } = useTranslation("forecast");
  return (
    <>
      <p className={classes.soft}>{t("prices.text")}</p>
      {PRICES.map((name) => (
        <NumberInput
          key={name} size="xs" label={t(`prices.${name}`)} suffix={name === "watts" ? ` ${t("prices.unit")}` : undefined} min={0} max={MOST[name]} hideControls mt="xs"
          value={prices[name] ?? ""} onChange={(value) => onChange({ ...prices, [name]: typeof value === "number" ? value : null })}
        />
      ))}
    </>
  );
}

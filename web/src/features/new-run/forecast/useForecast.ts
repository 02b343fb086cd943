// The forecast of the settings as they are, asked again as they change.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Asked, forecastQuery } from "@/features/forecast/queries";
import type { Foreseen } from "@/api/types";
import type { Nested } from "@/features/new-run/form/nested";
import { keepPrices, type Prices, readPrices } from "@/features/new-run/forecast/prices";

/** The first change is asked about at once; while somebody types, only what stands this long. */
const REST = 60;

export interface Forecasting {
  asked: Asked;
  seen: Foreseen | undefined;
  /** Of settings that are not these: they changed, or something is wrong with them. */
  stale: boolean;
  error: Error | null;
  again: () => void;
  device: string | null;
  setDevice: (device: string | null) => void;
  prices: Prices;
  setPrices: (prices: Prices) => void;
}

export function useForecast(config: Nested, dataset: string | null): Forecasting {
  const [device, setDevice] = useState<string | null>(null);
  const [prices, setPrices] = useState(readPrices);
  const asked = useMemo<Asked>(() => ({ dataset, config, device, ...prices }), [dataset, config, device, prices]);
  const [rested] = useDebouncedValue(asked, REST, { leading: true });
  const { data, error, isPlaceholderData, refetch } = useQuery(forecastQuery(rested));
  const seen = useLastGood(data);
  return {
    asked,
    seen,
    stale: rested !== asked || isPlaceholderData || seen !== data,
    error,
    again: () => void refetch(),
    device,
    setDevice,
    prices,
    setPrices: (next) => {
      setPrices(next);
      keepPrices(next);
    },
  };
}

/** While something is wrong with the settings there is no forecast: then the last one stays. */
function useLastGood(data: Foreseen | undefined): Foreseen | undefined {
  const [good, setGood] = useState(data);
  if (data !== undefined && data !== good && (data.forecast !== null || good?.forecast == null)) setGood(data);
  return data?.forecast != null ? data : (good ?? data);
}

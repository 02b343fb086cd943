// What electricity and the device cost: kept in this browser, sent along with every question.
import { readStored, store } from "@/lib/stored";

export const PRICES = ["watts", "price_kilowatt_hour", "price_hour"] as const;
export type Price = (typeof PRICES)[number];
export type Prices = Record<Price, number | null>;

/** What the server takes at most. */
export const MOST: Prices & Record<Price, number> = { watts: 1e5, price_kilowatt_hour: 1e6, price_hour: 1e6 };

function usable(name: Price, value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value <= MOST[name] ? value : null;
}

export function readPrices(): Prices {
  let kept: unknown = null;
  try {
    kept = JSON.parse(readStored("prices") ?? "null");
  } catch {
    // What cannot be read was never given.
  }
  const found = (kept ?? {}) as Record<string, unknown>;
  return { watts: usable("watts", found.watts), price_kilowatt_hour: usable("price_kilowatt_hour", found.price_kilowatt_hour), price_hour: usable("price_hour", found.price_hour) };
}

export const keepPrices = (prices: Prices): void => store("prices", JSON.stringify(prices));

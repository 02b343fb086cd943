import { afterEach, expect, it } from "vitest";
import { keepPrices, readPrices } from "@/features/new-run/forecast/prices";
import { store } from "@/lib/stored";

afterEach(() => localStorage.clear());

const NONE = { watts: null, price_kilowatt_hour: null, price_hour: null };

it("keeps prices in the browser", () => {
  expect(readPrices()).toEqual(NONE);
  keepPrices({ ...NONE, watts: 250, price_hour: 0 });
  expect(readPrices()).toEqual({ ...NONE, watts: 250, price_hour: 0 });
});

it.each(["{", "7", "null", '"x"', '{"watts":"250","price_hour":-1,"price_kilowatt_hour":1e9}'])("takes %s for nothing", (text) => {
  store("prices", text);
  expect(readPrices()).toEqual(NONE);
});

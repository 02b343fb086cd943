// Mantine's colour scheme manager over our own storage key, which public/early.js reads too.
import { isMantineColorScheme, type MantineColorSchemeManager } from "@mantine/core";
import { readStored, store } from "@/lib/stored";

export const schemeManager: MantineColorSchemeManager = {
  get(fallback) {
    const kept = readStored("scheme");
    return isMantineColorScheme(kept) ? kept : fallback;
  },
  set: (value) => store("scheme", value),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

// How large a cell is drawn, in CSS pixels; kept in this browser.
import { useState } from "react";
import { readStored, store } from "@/lib/stored";

export const SIZES = { least: 64, most: 512, usual: 160 };

export function useCellSize(): [number, (size: number) => void] {
  const [size, setSize] = useState(() => {
    const kept = Number(readStored("cell-size"));
    return kept >= SIZES.least && kept <= SIZES.most ? kept : SIZES.usual;
  });
  return [
    size,
    (next) => {
      setSize(next);
      store("cell-size", String(next));
    },
  ];
}

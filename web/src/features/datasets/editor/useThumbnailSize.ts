// How large the thumbnails are, kept in this browser.
import { useState } from "react";
import { readStored, store } from "@/lib/stored";

export const SIZES = { min: 120, max: 360, step: 20, first: 180 } as const;

export function useThumbnailSize(): [number, (size: number) => void] {
  const [size, setSize] = useState(() => Number(readStored("gallery-size")) || SIZES.first);
  const resize = (value: number) => {
    setSize(value);
    store("gallery-size", String(value));
  };
  return [size, resize];
}

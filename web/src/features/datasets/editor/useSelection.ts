// Which pictures are chosen; with Shift, all from the last one to this.
import { useCallback, useEffect, useRef, useState } from "react";
import type { Image } from "../api";

const NONE: ReadonlySet<string> = new Set();

export function useSelection(images: readonly Image[]) {
  const [selected, setSelected] = useState(NONE);
  const last = useRef<string | null>(null);
  const shown = useRef(images);
  useEffect(() => {
    shown.current = images;
  }, [images]);

  const select = useCallback((ids: readonly string[], on: boolean) => {
    setSelected((before) => {
      const after = new Set(before);
      for (const id of ids) if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);

  const toggle = useCallback((id: string, range: boolean) => {
    const at = (wanted: string | null) => shown.current.findIndex((image) => image.id === wanted);
    const from = range ? at(last.current) : -1;
    const [start, end] = [from, at(id)].sort((a, b) => a - b) as [number, number];
    const ids = from < 0 ? [id] : shown.current.slice(start, end + 1).map((image) => image.id);
    last.current = id;
    setSelected((before) => {
      const after = new Set(before);
      const on = from >= 0 || !before.has(id);
      for (const one of ids) if (on) after.add(one);
      else after.delete(one);
      return after;
    });
  }, []);

  const clear = useCallback(() => setSelected(NONE), []);
  return { selected, select, toggle, clear };
}

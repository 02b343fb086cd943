// Nearer by the wheel with Ctrl (or by two fingers on a pad), and what is seen is dragged along.
import { type RefObject, useEffect, useEffectEvent, useRef } from "react";
import { factorOf, panned, type View, zoomed } from "@/features/experiments/grid/zoom";

const FRAME = "[data-at], [data-frame]";
/** Pixels before a press becomes a drag. */
const SLACK = 4;

/**
 * Listens on `box`; a frame is an element with `data-at` or `data-frame`. Where nothing scrolls, `plain` takes the wheel without Ctrl too.
 * Tells whether the last press was a drag.
 */
export function useZoomGestures(box: RefObject<HTMLElement | null>, view: View, onView: (view: View) => void, plain = false): RefObject<boolean> {
  const dragged = useRef(false);
  const held = useRef<{ x: number; y: number; width: number; height: number } | null>(null);

  const wheel = useEffectEvent((event: WheelEvent) => {
    const frame = (event.target as Element).closest(FRAME)?.getBoundingClientRect();
    if (!frame || !(plain || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onView(zoomed(view, factorOf(event.deltaY), (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height));
  });
  const down = useEffectEvent((event: PointerEvent) => {
    dragged.current = false;
    const frame = (event.target as Element).closest(FRAME)?.getBoundingClientRect();
    if (frame && view.zoom > 1 && event.button === 0) held.current = { x: event.clientX, y: event.clientY, width: frame.width, height: frame.height };
  });
  const move = useEffectEvent((event: PointerEvent) => {
    const from = held.current;
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!dragged.current && Math.hypot(dx, dy) < SLACK) return;
    dragged.current = true;
    held.current = { ...from, x: event.clientX, y: event.clientY };
    onView(panned(view, -dx / from.width, -dy / from.height));
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const ends = () => (held.current = null);
    const onWheel = (event: WheelEvent) => wheel(event);
    const onDown = (event: PointerEvent) => down(event);
    const onMove = (event: PointerEvent) => move(event);
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("pointerdown", onDown);
    globalThis.addEventListener("pointermove", onMove);
    globalThis.addEventListener("pointerup", ends);
    globalThis.addEventListener("pointercancel", ends);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("pointerdown", onDown);
      globalThis.removeEventListener("pointermove", onMove);
      globalThis.removeEventListener("pointerup", ends);
      globalThis.removeEventListener("pointercancel", ends);
    };
  }, [box]);
  return dragged;
}

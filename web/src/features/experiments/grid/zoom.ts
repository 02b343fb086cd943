/** The part of every picture that is seen: one for all, so that they are compared at the same place. */

/** `x`, `y`: upper left corner of what is seen, in parts of the picture. */
export interface View {
  zoom: number;
  x: number;
  y: number;
}

export const WHOLE: View = { zoom: 1, x: 0, y: 0 };
export const MOST_ZOOM = 16;
/** One press of a key or button. */
export const STEP = 1.5;

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

function within({ zoom, x, y }: View): View {
  const most = 1 - 1 / zoom;
  return { zoom, x: clamp(x, 0, most), y: clamp(y, 0, most) };
}

/** Larger or smaller by `factor`; the point at `px`, `py` (parts of the frame) stays where it is. */
export function zoomed(view: View, factor: number, px = 0.5, py = 0.5): View {
  const zoom = clamp(view.zoom * factor, 1, MOST_ZOOM);
  return within({ zoom, x: view.x + px / view.zoom - px / zoom, y: view.y + py / view.zoom - py / zoom });
}

/** Moved by parts of the frame: to the right and down for positive. */
export function panned(view: View, dx: number, dy: number): View {
  return within({ ...view, x: view.x + dx / view.zoom, y: view.y + dy / view.zoom });
}

/** Of a wheel's turn. */
export const factorOf = (deltaY: number): number => Math.exp(-clamp(deltaY, -120, 120) / 300);

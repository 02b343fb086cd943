// A rectangle over a picture, in shares of it, and how handles move it.

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Which edges move: "move" is the whole, "nw" the corner at the top left. */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number] | "move";

export const WHOLE: Rect = { x: 0, y: 0, w: 1, h: 1 };
const LEAST = 0.02;

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

export function moved({ x, y, w, h }: Rect, handle: Handle, dx: number, dy: number): Rect {
  if (handle === "move") return { x: clamp(x + dx, 0, 1 - w), y: clamp(y + dy, 0, 1 - h), w, h };
  const left = handle.includes("w") ? clamp(x + dx, 0, x + w - LEAST) : x;
  const right = handle.includes("e") ? clamp(x + w + dx, x + LEAST, 1) : x + w;
  const top = handle.includes("n") ? clamp(y + dy, 0, y + h - LEAST) : y;
  const bottom = handle.includes("s") ? clamp(y + h + dy, y + LEAST, 1) : y + h;
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** Between two points, in whatever order. */
export function between(ax: number, ay: number, bx: number, by: number): Rect {
  const [left, right] = [clamp(Math.min(ax, bx), 0, 1), clamp(Math.max(ax, bx), 0, 1)];
  const [top, bottom] = [clamp(Math.min(ay, by), 0, 1), clamp(Math.max(ay, by), 0, 1)];
  return moved({ x: left, y: top, w: Math.max(right - left, LEAST), h: Math.max(bottom - top, LEAST) }, "move", 0, 0);
}

export const rectOf = (crop: readonly number[] | null | undefined): Rect => {
  const [x = 0, y = 0, w = 1, h = 1] = crop ?? [];
  return { x, y, w, h };
};

/** As the server keeps it; null for the whole picture. */
export function cropOf({ x, y, w, h }: Rect): [number, number, number, number] | null {
  const round = (value: number) => Math.round(value * 1e5) / 1e5;
  return w > 0.999 && h > 0.999 ? null : [round(x), round(y), round(w), round(h)];
}

/** What is looked at, in the address: a link shows somebody else the same. */
import { AXES, type Axis, type Shown } from "@/features/experiments/grid/axes";

export const MODES = ["beside", "wipe", "difference"] as const;
export type Mode = (typeof MODES)[number];

export interface Look {
  across: Axis[];
  /** Null: all of them. */
  only: Record<Axis, number[] | null>;
  /** The cell that is looked at large. */
  cell: number | null;
  /** The column it is held against. */
  with: number | null;
  mode: Mode;
}

/** Only what is named changes, also of the axes. */
export type LookChange = Partial<Omit<Look, "only">> & { only?: Partial<Look["only"]> };

export const changedLook = (look: Look, change: LookChange): Look => ({ ...look, ...change, only: { ...look.only, ...change.only } });

const LETTER: Record<Axis, string> = { column: "c", prompt: "p", seed: "s" };
export const USUAL_ACROSS: readonly Axis[] = ["column"];

function count(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

export function readLook(params: URLSearchParams): Look {
  const letters = params.get("across");
  const across = letters === null ? [...USUAL_ACROSS] : [...letters].flatMap((letter) => AXES.find((axis) => LETTER[axis] === letter) ?? []);
  const only = (axis: Axis) => params.get(axis)?.split(",").flatMap((text) => count(text) ?? []) ?? null;
  return {
    across: across.length > 0 ? [...new Set(across)] : [...USUAL_ACROSS],
    only: { column: only("column"), prompt: only("prompt"), seed: only("seed") },
    cell: count(params.get("cell")),
    with: count(params.get("with")),
    mode: MODES.find((mode) => mode === params.get("mode")) ?? "beside",
  };
}

/** The address with what is different from the usual, and nothing else of ours. */
export function writeLook(before: URLSearchParams, look: Look): URLSearchParams {
  const params = new URLSearchParams(before);
  const set = (key: string, value: string | null) => (value === null ? params.delete(key) : params.set(key, value));
  const across = look.across.map((axis) => LETTER[axis]).join("");
  set("across", across === "c" ? null : across);
  for (const axis of AXES) set(axis, look.only[axis]?.join(",") ?? null);
  set("cell", look.cell === null ? null : String(look.cell));
  set("with", look.with === null ? null : String(look.with));
  set("mode", look.cell === null || look.mode === "beside" ? null : look.mode);
  return params;
}

/** What is left of `all` on each axis; a filter that leaves nothing holds nobody back. */
export function shownOf(look: Look, all: Shown): Shown {
  const left = (axis: Axis) => {
    const found = all[axis].filter((one) => look.only[axis]?.includes(one) ?? true);
    return found.length > 0 ? found : all[axis];
  };
  return { column: left("column"), prompt: left("prompt"), seed: left("seed") };
}

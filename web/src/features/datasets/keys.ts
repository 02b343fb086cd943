// The keys of the editor. Nothing is taken from a field in which somebody types, but with Ctrl and Escape.

export type Command =
  | { do: "go"; by: -1 | 1 }
  | { do: "row"; by: -1 | 1 }
  | { do: "tag"; place: number }
  | { do: "edit" | "saveNext" | "select" | "selectAll" | "reject" | "search" | "undo" | "help" | "holdOut" | "open" | "crop" | "mask" | "leave" };

/** What of a keyboard event matters. */
export interface Stroke {
  key: string;
  ctrl: boolean;
  alt: boolean;
  typing: boolean;
}

const PLAIN: Record<string, Command> = {
  j: { do: "go", by: 1 },
  ArrowRight: { do: "go", by: 1 },
  k: { do: "go", by: -1 },
  ArrowLeft: { do: "go", by: -1 },
  ArrowDown: { do: "row", by: 1 },
  ArrowUp: { do: "row", by: -1 },
  e: { do: "edit" },
  Enter: { do: "edit" },
  x: { do: "select" },
  Delete: { do: "reject" },
  Backspace: { do: "reject" },
  "/": { do: "search" },
  u: { do: "undo" },
  h: { do: "holdOut" },
  o: { do: "open" },
  c: { do: "crop" },
  m: { do: "mask" },
  "?": { do: "help" },
};
const WITH_CTRL: Record<string, Command> = { z: { do: "undo" }, a: { do: "selectAll" } };

export function commandOf({ key, ctrl, alt, typing }: Stroke): Command | null {
  if (alt) return null;
  if (ctrl && key === "Enter") return { do: "saveNext" };
  if (typing) return key === "Escape" ? { do: "leave" } : null;
  const known = key.length === 1 ? key.toLowerCase() : key;
  if (ctrl) return WITH_CTRL[known] ?? null;
  if (/^[1-9]$/.test(key)) return { do: "tag", place: Number(key) - 1 };
  return PLAIN[known] ?? null;
}

const NOT_TYPED = new Set(["button", "checkbox", "radio", "range", "submit", "file"]);

export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !NOT_TYPED.has(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLElement && target.isContentEditable === true);
}

/** Elements that do something of their own with Enter or the arrows keep it. */
const MOVES = "input, select, [role=tab], [role=menuitem], [role=slider], [role=option], [data-own-keys]";
const PRESSED = `${MOVES}, button, a, summary`;

export function strokeOf(event: KeyboardEvent): Stroke {
  return { key: event.key, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey, typing: isTyping(event.target) };
}

/** Whether the focused control wants this key for itself. A picture of the grid leaves Enter to the editor. */
export function isTaken({ key, target, defaultPrevented, ctrlKey, metaKey }: KeyboardEvent): boolean {
  if (defaultPrevented || ctrlKey || metaKey || !(target instanceof Element)) return defaultPrevented;
  if (key === "Enter") return target.closest(PRESSED) !== null && target.closest("[data-card]") === null;
  return key.startsWith("Arrow") && target.closest(MOVES) !== null;
}

// The change that "undo" takes back.
import type { Change } from "../api";

/** What has its own way back, or is no edit: pictures that came are removed one by one, or in the history. */
const NOT_MEANT = new Set(["undo", "add"]);

/** The newest that stands, of this person or of an engine: what others did meanwhile is theirs. */
export function lastOf(changes: readonly Change[], user: string): Change | undefined {
  return changes.find(({ undone, kind, by }) => !undone && !NOT_MEANT.has(kind) && (by === `person:${user}` || by.startsWith("engine:")));
}

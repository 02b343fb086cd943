// Moving one of a list.

interface Named {
  id: string;
}

/** `list` with `id` put before `before`, or at the end. */
export function moved<T extends Named>(list: readonly T[], id: string, before: string | null): T[] {
  const item = list.find((one) => one.id === id);
  if (item === undefined || id === before) return [...list];
  const rest = list.filter((one) => one.id !== id);
  const at = before === null ? rest.length : rest.findIndex((one) => one.id === before);
  return at < 0 ? [...list] : rest.toSpliced(at, 0, item);
}

/** What `id` comes before after one step up (-1) or down (1); undefined where there is no room. `more`: the list goes on
 * behind what is known of it, so that its end is not to be seen from here. */
export function beforeAfter<T extends Named>(list: readonly T[], id: string, by: -1 | 1, more = false): string | null | undefined {
  const at = list.findIndex((one) => one.id === id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= list.length) return undefined;
  const before = by < 0 ? list[to] : list[to + 1];
  return before?.id ?? (more ? undefined : null);
}

/** What `id` comes before when it is dropped on `target`: it takes that place. At the end of what is known of a longer list it
 * stays one place short. */
export function beforeDrop<T extends Named>(list: readonly T[], id: string, target: string, more = false): string | null {
  const down = list.findIndex((one) => one.id === id) < list.findIndex((one) => one.id === target);
  if (!down) return target;
  return list[list.findIndex((one) => one.id === target) + 1]?.id ?? (more ? target : null);
}

/** The pieces of a list in one; a row that moved from one to another meanwhile stands where it came first. */
export function joined<T extends Named>(...pieces: readonly (readonly T[])[]): T[] {
  return [...new Map(pieces.flat().toReversed().map((one) => [one.id, one])).values()].toReversed();
}

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

/** What `id` comes before after one step up (-1) or down (1); undefined where there is no room. */
export function beforeAfter<T extends Named>(list: readonly T[], id: string, by: -1 | 1): string | null | undefined {
  const at = list.findIndex((one) => one.id === id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= list.length) return undefined;
  return (by < 0 ? list[to]?.id : list[to + 1]?.id) ?? null;
}

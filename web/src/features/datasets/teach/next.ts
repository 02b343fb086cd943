// Which picture is asked about: the server's order, without those that were answered or passed over meanwhile.
import type { Labelling } from "../api";

export type Asked = Labelling["queue"][number];

/** The picture that is on the screen stays there, with newer proposals, until it is answered. */
export function nextOf(queue: readonly Asked[], current: Asked | null, passed: ReadonlySet<string>): Asked | null {
  if (current && !passed.has(current.image.id)) return queue.find((one) => one.image.id === current.image.id) ?? current;
  return queue.find((one) => !passed.has(one.image.id)) ?? null;
}

const KEYS = 9;

/** Few labels keep their places; of many the nine likeliest are offered first. */
export function offered(labels: readonly string[], asked: Asked): { label: string; p: number }[] {
  const likely = new Map(asked.proposals.map(({ label, p }) => [label, p]));
  const all = labels.map((label) => ({ label, p: likely.get(label) ?? 0 }));
  return all.length <= KEYS ? all : all.toSorted((a, b) => b.p - a.p);
}

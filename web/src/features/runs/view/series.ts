/** Sorted lists that events are put into, mostly at the end. */

interface Numbered {
  seq: number;
}

interface Stepped extends Numbered {
  step: number;
}

/** Puts `item` at its sequence number; false if one with that number is there already. */
export function insertBySeq<T extends Numbered>(list: T[], item: T): boolean {
  const at = lowerBound(list, item.seq, (x) => x.seq);
  if (list[at]?.seq === item.seq) return false;
  list.splice(at, 0, item);
  return true;
}

/** Puts `item` at its step; of two at one step the later sequence number stays. */
export function insertByStep<T extends Stepped>(list: T[], item: T): void {
  const at = lowerBound(list, item.step, (x) => x.step);
  const there = list[at];
  if (there?.step !== item.step) list.splice(at, 0, item);
  else if (there.seq < item.seq) list[at] = item;
}

/** Leaves out every second one of the older points; the first and the newest `keep` stay as they are. */
export function thin<T>(list: readonly T[], keep: number): T[] {
  const edge = list.length - keep;
  return list.filter((_, index) => index >= edge || index % 2 === 0);
}

function lowerBound<T>(list: readonly T[], value: number, key: (item: T) => number): number {
  const last = list.at(-1);
  if (last === undefined || key(last) < value) return list.length;
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && key(item) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

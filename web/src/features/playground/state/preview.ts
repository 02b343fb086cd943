// When to draw while somebody types: quickly after the last key, in full once all rests, and never what is outdated.

export type Quality = "preview" | "full";

/** One drawing that was begun: of which change, and when that change was made (by the clock that was given). */
export interface Job<A> {
  asked: A;
  quality: Quality;
  sequence: number;
  since: number;
  /** Whether it was asked for by hand and goes into the history. */
  keep: boolean;
}

export interface Timing {
  /** From a change to the quick drawing. */
  typing: number;
  /** The same for who types slowly: gaps up to this long belong to one word. */
  slow: number;
  /** From the quick drawing to the full one. */
  rest: number;
}

export const TIMING: Timing = { typing: 150, slow: 600, rest: 700 };
/** So much longer than the gaps between keys is waited: who types slowly has not finished at each letter. */
const PATIENCE = 1.5;
/** Of the last gaps, the one that two thirds are shorter than; once a drawing was in vain, the longest. */
const GAPS = 8;
const USUAL = 2 / 3;

interface Parts<A, L> {
  /** Draws, line by line; ends early once the signal is aborted. */
  draw: (job: Job<A>, signal: AbortSignal) => AsyncIterable<L>;
  /** Whether a quick drawing of it would be any quicker. */
  cheaper: (asked: A) => boolean;
  begun: (job: Job<A>) => void;
  /** A line of the newest drawing; true means it is a picture that may be made better. */
  line: (job: Job<A>, line: L) => boolean;
  failed: (job: Job<A>, error: unknown) => void;
  /** Nothing is drawn any more, because of a change or a stop. */
  halted: () => void;
  now: () => number;
  timing?: Timing;
}

export interface Previews<A> {
  /** Something changed: what is drawn is outdated, draw anew soon. */
  changed: (asked: A) => void;
  /** What is drawn is outdated, and nothing is drawn until it is asked for. */
  outdated: () => void;
  /** Draw in full at once. */
  drawNow: (asked: A) => void;
  stop: () => void;
}

export function previews<A, L>({ draw, cheaper, begun, line, failed, halted, now, timing = TIMING }: Parts<A, L>): Previews<A> {
  let sequence = 0;
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  let gaps: number[] = [];
  let early = false;

  const halt = () => {
    clearTimeout(timer);
    if (running === null) return;
    running.abort();
    running = null;
    halted();
  };

  const begin = async (job: Job<A>) => {
    halt();
    const mine = new AbortController();
    running = mine;
    early = true;
    begun(job);
    let better = false;
    try {
      for await (const one of draw(job, mine.signal)) {
        if (running !== mine) return;
        better = line(job, one);
      }
    } catch (error) {
      if (running === mine) failed(job, error);
      better = false;
    }
    if (running !== mine) return;
    running = null;
    if (better && job.quality === "preview") timer = setTimeout(() => void begin({ ...job, quality: "full" }), timing.rest);
  };

  /** How long to wait for the next key: as long as this person's gaps say. */
  const patience = (at: number): number => {
    const gap = at - last;
    last = at;
    gaps = gap > timing.slow ? [] : [...gaps.slice(1 - GAPS), gap];
    if (gaps.length === 0) early = false;
    const sorted = [...gaps].sort((a, b) => a - b);
    const usual = sorted[early ? sorted.length - 1 : Math.floor(sorted.length * USUAL)] ?? 0;
    return Math.min(timing.slow, Math.max(timing.typing, usual * PATIENCE));
  };

  return {
    changed: (asked) => {
      halt();
      sequence += 1;
      const since = now();
      const job: Job<A> = { asked, quality: cheaper(asked) ? "preview" : "full", sequence, since, keep: false };
      timer = setTimeout(() => void begin(job), patience(since));
    },
    outdated: () => {
      halt();
      sequence += 1;
    },
    drawNow: (asked) => {
      sequence += 1;
      void begin({ asked, quality: "full", sequence, since: now(), keep: true });
    },
    stop: halt,
  };
}

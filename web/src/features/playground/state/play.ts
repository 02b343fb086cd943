// The playground's one memory: what is chosen, what is seen, and all that a person can do with both.
import type { Drawing, DrawnLine } from "@/features/playground/types";
import { readStored, store } from "@/lib/stored";
import { draw } from "./draw";
import { previews } from "./preview";
import { type Asked, askedFrom, cheaper, newSeed, quickly, revived, sameAsked, type Settings } from "./settings";
import { BLANK, seen, type Seen, type View } from "./view";

export interface Play {
  subscribe: (listener: () => void) => () => void;
  settings: () => Settings;
  view: () => View;
  /** Changes what is asked for; with the preview on, it is drawn soon. */
  ask: (change: Partial<Asked>) => void;
  /** Changes how the page behaves. */
  set: (change: Partial<Omit<Settings, "asked">>) => void;
  /** While an input method puts letters together, nothing is drawn of them. */
  composing: (on: boolean) => void;
  /** Draws in full now; what stands already in full is drawn anew with another seed, unless that is locked. */
  drawNow: () => void;
  /** Draws what is chosen, as after a change. */
  redraw: () => void;
  stop: () => void;
  restore: (drawing: Drawing) => void;
  tell: (action: Seen) => void;
}

/** `kept` is told the id of what went into the history. */
export function createPlay(kept: (id: string) => void): Play {
  const stream = Math.random().toString(36).slice(2);
  const listeners = new Set<() => void>();
  let settings = revived(readStored("playground"));
  let view = BLANK;
  let composes = false;

  const say = () => listeners.forEach((listener) => listener());
  const tell = (action: Seen) => {
    view = seen(view, action);
    say();
  };
  const put = (next: Settings) => {
    settings = next;
    store("playground", JSON.stringify(next));
    say();
  };

  const machine = previews<Asked, DrawnLine>({
    draw: ({ asked, quality, keep }, signal) => draw(quality === "preview" ? quickly(asked) : asked, { stream, keep, metadata: settings.metadata }, signal),
    cheaper,
    begun: (job) => tell({ do: "begun", job }),
    line: (job, line) => {
      tell({ do: "line", job, line, ms: Math.round(performance.now() - job.since) });
      if (line.event === "done" && line.kept) kept(line.kept);
      return line.event === "done";
    },
    failed: (_, error) => tell({ do: "failed", error }),
    halted: () => tell({ do: "halted" }),
    now: () => performance.now(),
  });
  const changed = () => (settings.live && !composes ? machine.changed(settings.asked) : machine.outdated());

  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    settings: () => settings,
    view: () => view,
    ask: (change) => {
      const asked = { ...settings.asked, ...change };
      if (sameAsked(asked, settings.asked)) return;
      put({ ...settings, asked });
      changed();
    },
    set: (change) => {
      const turnedOn = change.live === true && !settings.live;
      put({ ...settings, ...change });
      if (turnedOn) changed();
    },
    composing: (on) => {
      if (composes === on) return;
      composes = on;
      if (!on) changed();
    },
    drawNow: () => {
      const { shown, phase } = view;
      const stands = phase === null && shown?.quality === "full" && sameAsked(shown.asked, settings.asked);
      if (stands && !settings.locked) put({ ...settings, asked: { ...settings.asked, seed: newSeed() } });
      machine.drawNow(settings.asked);
    },
    redraw: changed,
    stop: machine.stop,
    restore: (drawing) => {
      machine.outdated();
      put({ ...settings, asked: askedFrom(drawing) });
      tell({ do: "restored", drawing });
    },
    tell,
  };
}

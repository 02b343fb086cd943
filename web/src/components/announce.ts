// What just happened, said once: shown for a moment and read out by screen readers.

export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "bad";
}

let notices: readonly Notice[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

export const noticeStore = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: () => notices,
  dismiss: (id: number) => change(notices.filter((notice) => notice.id !== id)),
};

/** Say something that needs no answer: "Saved", "Run started". Errors belong beside what failed, in an ErrorNote. */
export function announce(text: string, tone: Notice["tone"] = "plain"): void {
  const id = nextId++;
  change([...notices.slice(-2), { id, text, tone }]);
  setTimeout(() => noticeStore.dismiss(id), tone === "bad" ? 8_000 : 4_000);
}

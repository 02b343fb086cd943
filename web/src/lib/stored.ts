// Small choices kept in this browser. A browser that refuses storage still works.

type Key =
  | "language" | "scheme" | "notify" | "gallery-size" | "draft" | "quality" | "prices" | "endpoint" | "texts-seen-with" | "playground" | "cell-size"
  // what was being written, for a data set or a LoRA
  | `examples ${string}` | `paste ${string}` | `chat ${string}` | `experiment ${string}` | `publish ${string}`;

export function readStored(key: Key): string | null {
  try {
    return localStorage.getItem(`loom.${key}`);
  } catch {
    return null;
  }
}

export function store(key: Key, value: string): void {
  try {
    localStorage.setItem(`loom.${key}`, value);
  } catch {
    // Nothing is lost but the memory of the choice.
  }
}

export function forget(key: Key): void {
  try {
    localStorage.removeItem(`loom.${key}`);
  } catch {
    // What was never kept need not be forgotten.
  }
}

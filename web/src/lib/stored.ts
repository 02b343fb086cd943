// Small choices kept in this browser. A browser that refuses storage still works.

type Key = "language" | "scheme" | "notify" | "gallery-size" | "draft" | "quality" | "prices";

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

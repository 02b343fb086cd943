// Suggestions for the word at the cursor: asked while one types, gone with Escape, with a choice, or when the cursor goes elsewhere.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { wordsQuery } from "@/features/playground/queries";
import type { Word } from "@/features/playground/types";
import { fitting, type Typed, typedAt } from "./words";

const REST = 100;
const MOST = 8;
const NONE: Word[] = [];

export interface Suggestions {
  words: Word[];
  typed: Typed | null;
  /** Which is chosen by the arrows; -1 is none. */
  active: number;
  move: (by: number) => void;
  look: (text: string, caret: number) => void;
  close: () => void;
}

export function useSuggestions(text: string, family: string | null): Suggestions {
  const [typed, setTyped] = useState<Typed | null>(null);
  const [active, setActive] = useState(-1);
  const [search] = useDebouncedValue(typed?.search ?? "", REST);
  const { data } = useQuery({ ...wordsQuery(search, family), enabled: typed !== null });
  const words = typed && data ? fitting(data.items, text, typed).slice(0, MOST) : NONE;
  return {
    words,
    typed,
    active: active < words.length ? active : -1,
    move: (by) => setActive((before) => (before + by + words.length + (before < 0 && by < 0 ? 1 : 0)) % Math.max(1, words.length)),
    look: (next, caret) => {
      setTyped(typedAt(next, caret));
      setActive(-1);
    },
    close: () => setTyped(null),
  };
}

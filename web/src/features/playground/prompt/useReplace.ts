// Writes into a field as a person would, so that the browser's own undo takes it back, and chooses what is to be chosen after it.
import { type RefObject, useLayoutEffect, useRef } from "react";
import type { Edit } from "./weigh";

export function useReplace(field: RefObject<HTMLTextAreaElement | null>, onChange: (text: string) => void): (text: string, edit: Edit) => void {
  const chosen = useRef<[number, number] | null>(null);
  useLayoutEffect(() => {
    if (chosen.current) field.current?.setSelectionRange(...chosen.current);
    chosen.current = null;
  });
  return (text, { start, end, put, chosenStart, chosenEnd }) => {
    const element = field.current;
    element?.focus();
    element?.setSelectionRange(start, end);
    chosen.current = [chosenStart, chosenEnd];
    // the old way is the only one that browsers can undo
    const written = element !== null && typeof document.execCommand === "function" && document.execCommand("insertText", false, put);
    if (!written) onChange(text.slice(0, start) + put + text.slice(end));
    else element.setSelectionRange(chosenStart, chosenEnd);
  };
}

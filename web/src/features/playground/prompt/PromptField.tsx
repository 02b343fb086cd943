// A prompt as a field that understands it: marks, suggestions, weights by the arrows, and how much of it counts.
import { VisuallyHidden } from "@mantine/core";
import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Word } from "@/features/playground/types";
import { Mirror, placeOf } from "./Mirror";
import classes from "./Prompt.module.css";
import { Notes } from "./Notes";
import { optionId, SuggestionList } from "./SuggestionList";
import { useMarks } from "./useMarks";
import { useReplace } from "./useReplace";
import { useSuggestions } from "./useSuggestions";
import { STEP, weigh } from "./weigh";
import { placed } from "./words";

interface Props {
  label: string;
  placeholder?: string;
  value: string;
  base: string;
  family: string | null;
  /** A prompt that is read by few and long, as negative ones are. */
  small?: boolean;
  onChange: (text: string) => void;
  onCompose: (on: boolean) => void;
}

export function PromptField({ label, placeholder, value, base, family, small, onChange, onCompose }: Props) {
  const { t } = useTranslation("playground");
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const mirror = useRef<HTMLPreElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ left: 0, top: 0 });
  const marks = useMarks(value, base);
  const suggestions = useSuggestions(value, family);
  const replace = useReplace(field, onChange);
  const { words, typed, active } = suggestions;
  const open = typed !== null && words.length > 0;
  const list = `${id}-words`;
  const start = typed?.start ?? 0;
  useLayoutEffect(() => {
    if (open) setAt(placeOf(mirror.current, box.current, start));
  }, [open, start, value]);

  const takeWord = (word: Word) => {
    if (!typed) return;
    const { start: from, end, put } = placed(value, typed, word);
    replace(value, { start: from, end, put, chosenStart: from + put.length, chosenEnd: from + put.length });
    suggestions.close();
  };
  const inList = (event: KeyboardEvent): boolean => {
    const word = words[Math.max(0, active)];
    if (!open || !word) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") suggestions.move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Escape") suggestions.close();
    else if ((event.key === "Enter" && active >= 0) || (event.key === "Tab" && !event.shiftKey)) takeWord(word);
    else return false;
    return true;
  };
  const weighs = (event: KeyboardEvent<HTMLTextAreaElement>): boolean => {
    if (!(event.ctrlKey || event.metaKey) || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return false;
    const { selectionStart, selectionEnd } = event.currentTarget;
    const edit = weigh(value, selectionStart, selectionEnd, event.key === "ArrowUp" ? STEP : -STEP);
    if (edit) replace(value, edit);
    suggestions.close();
    return true;
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (weighs(event) || (plain && inList(event))) event.preventDefault();
    else if (/^(Arrow(Left|Right)|Home|End|Page)/.test(event.key)) suggestions.close();
  };

  return (
    <div className={classes.field} data-small={small || undefined}>
      <Notes id={`${id}-notes`} field={id} label={label} text={value} marks={marks} />
      <div ref={box} className={classes.box}>
        <div className={classes.scroll}>
          <Mirror ref={mirror} text={value} spans={marks.spans} />
          <textarea
            ref={field} id={id} className={classes.text} value={value} placeholder={placeholder} maxLength={4000} rows={small ? 1 : 3} spellCheck={false} autoComplete="off" autoCapitalize="off"
            aria-describedby={`${id}-notes`} aria-autocomplete="list" aria-controls={open ? list : undefined} aria-activedescendant={open && active >= 0 ? optionId(list, active) : undefined}
            onKeyDown={keys}
            onChange={(event) => {
              onChange(event.currentTarget.value);
              const composes = (event.nativeEvent as InputEvent).isComposing;
              if (!composes) suggestions.look(event.currentTarget.value, event.currentTarget.selectionStart);
            }}
            onCompositionStart={() => onCompose(true)}
            onCompositionEnd={(event) => {
              onCompose(false);
              suggestions.look(event.currentTarget.value, event.currentTarget.selectionStart);
            }}
            onPointerDown={suggestions.close}
            onBlur={suggestions.close}
          />
        </div>
        {open ? <SuggestionList id={list} words={words} active={active} at={at} onTake={takeWord} /> : null}
      </div>
      <VisuallyHidden role="status" aria-live="polite">{open ? t("suggestions.count", { count: words.length }) : ""}</VisuallyHidden>
    </div>
  );
}

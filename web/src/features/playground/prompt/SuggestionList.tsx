// What may be meant by the word at the cursor, below it.
import { IconBraces, IconKey, IconSparkles, IconTag } from "@tabler/icons-react";
import { type CSSProperties, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Word } from "@/features/playground/types";
import { useFormat } from "@/lib/useFormat";
import classes from "./Prompt.module.css";

const SIGNS = { trigger: IconKey, tag: IconTag, lora: IconSparkles, wildcard: IconBraces } as const;

interface Props {
  id: string;
  words: readonly Word[];
  active: number;
  at: { left: number; top: number };
  onTake: (word: Word) => void;
}

/** Without the signs it is written with: the icon says what it is. */
const nameOf = ({ text, kind }: Word): string => (kind === "lora" ? text.replace(/^<lora:|(:[^:<>]*)?>$/g, "") : text.replace(/^__|__$/g, ""));
export const optionId = (list: string, at: number): string => `${list}-${at}`;

export function SuggestionList({ id, words, active, at, onTake }: Props) {
  const { t } = useTranslation("playground");
  const { number } = useFormat();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (active >= 0) list.current?.children[active]?.scrollIntoView?.({ block: "nearest" });
  }, [active]);
  return (
    <ul ref={list} id={id} role="listbox" aria-label={t("suggestions.label")} className={classes.suggestions} style={{ "--left": `${at.left}px`, "--top": `${at.top}px` } as CSSProperties}>
      {words.map((word, index) => {
        const Sign = SIGNS[word.kind];
        return (
          <li
            key={`${word.kind} ${word.text}`} id={optionId(id, index)} role="option" aria-selected={index === active} tabIndex={-1}
            // before the field loses the cursor
            onPointerDown={(event) => {
              event.preventDefault();
              onTake(word);
            }}
          >
            <Sign size={14} aria-label={t(`suggestions.kind.${word.kind}`)} />
            <span>{nameOf(word)}</span>
            <small>{word.detail || (word.count > 1 ? number(word.count) : "")}</small>
          </li>
        );
      })}
    </ul>
  );
}

// What narrows the examples, what can be done with the chosen ones, and the bars that say what waits for an answer.
import { Button, TextInput } from "@mantine/core";
import { IconChartBar, IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/useFormat";
import editor from "../datasets/editor/DatasetEditor.module.css";
import { EVERYTHING, type Filter, isNarrow } from "./api";

interface Props {
  filter: Filter;
  onFilter: (filter: Filter) => void;
  shown: number;
  all: number;
  /** How many drafts wait to be accepted. */
  drafts: number;
  /** Where the panel is not beside the table. */
  onPanel?: () => void;
}

const PAUSE = 250;

export function Toolbar({ filter, onFilter, shown, all, drafts, onPanel }: Props) {
  const { t } = useTranslation("texts");
  const { number } = useFormat();
  const chip = (name: "drafts" | "heldOut", label: string) => (
    <button type="button" className={editor.chip} aria-pressed={filter[name]} onClick={() => onFilter({ ...filter, [name]: !filter[name] })}>{label}</button>
  );
  return (
    <div className={editor.toolbar} role="toolbar" aria-label={t("tools.label")}>
      <div className={editor.bar}>
        <Search filter={filter} onFilter={onFilter} />
        <div className={editor.chips} role="group" aria-label={t("filter.label")}>
          {drafts > 0 || filter.drafts ? chip("drafts", t("filter.drafts", { count: drafts })) : null}
          {chip("heldOut", t("filter.heldOut"))}
          {filter.numbers.length > 0 ? (
            <span className={editor.chip} data-on>
              {t("filter.numbers", { count: filter.numbers.length })}
              <Button variant="transparent" size="compact-xs" px={4} aria-label={t("filter.clear")} onClick={() => onFilter({ ...filter, numbers: [] })}><IconX size={14} /></Button>
            </span>
          ) : null}
          {isNarrow(filter) ? <button type="button" className={editor.chip} data-plain onClick={() => onFilter(EVERYTHING)}>{t("filter.clear")}</button> : null}
        </div>
        <span role="status" className={editor.count}>{isNarrow(filter) ? t("tools.shown", { count: number(shown), all: number(all) }) : null}</span>
        <div className={editor.tools}>
          {onPanel ? <Button variant="default" size="compact-sm" leftSection={<IconChartBar size={16} aria-hidden="true" />} onClick={onPanel}>{t("check.title")}</Button> : null}
        </div>
      </div>
    </div>
  );
}

/** Typed text narrows after a pause; Escape empties the field. */
function Search({ filter, onFilter }: Pick<Props, "filter" | "onFilter">) {
  const { t } = useTranslation("texts");
  const [text, setText] = useState(filter.search);
  const [known, setKnown] = useState(filter.search);
  if (known !== filter.search) {
    setKnown(filter.search);
    if (text.trim() !== filter.search) setText(filter.search);
  }
  const apply = useEffectEvent(() => onFilter({ ...filter, search: text.trim() }));
  useEffect(() => {
    if (text.trim() === known) return;
    const timer = setTimeout(() => apply(), PAUSE);
    return () => clearTimeout(timer);
  }, [text, known]);
  return (
    <TextInput
      type="search" className={editor.search} leftSection={<IconSearch size={16} aria-hidden="true" />} aria-label={t("tools.search")} placeholder={t("tools.search")} value={text}
      onChange={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setText("")}
    />
  );
}

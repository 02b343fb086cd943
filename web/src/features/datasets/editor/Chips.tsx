// Filters as chips: what pictures lack or have, the tags that were chosen, the finding that was clicked.
import { CloseButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ONLY } from "../api";
import { EVERYTHING, isNarrow, withTag } from "../filter";
import classes from "./DatasetEditor.module.css";
import { useEditor } from "./useEditor";

export function Chips() {
  const { t, i18n } = useTranslation("datasets");
  const finding = (kind: string): string => (i18n.exists(`datasets:finding.${kind}`) ? t(`finding.${kind as "blurred"}`) : kind);
  const { filter, narrow } = useEditor();
  return (
    <div className={classes.chips} role="group" aria-label={t("filter.label")}>
      {ONLY.map((one) => (
        <button
          key={one} type="button" className={classes.chip} aria-pressed={filter.only === one}
          onClick={() => narrow({ ...filter, only: filter.only === one ? null : one })}
        >
          {t(`filter.${one}`)}
        </button>
      ))}
      {filter.tags.map((tag) => (
        <Taken key={tag} words={tag} onTake={() => narrow(withTag(filter, tag))} />
      ))}
      {filter.finding ? <Taken words={finding(filter.finding)} onTake={() => narrow({ ...filter, finding: null })} /> : null}
      {isNarrow(filter) ? (
        <button type="button" className={classes.chip} data-plain onClick={() => narrow(EVERYTHING)}>
          {t("filter.clear")}
        </button>
      ) : null}
    </div>
  );
}

function Taken({ words, onTake }: { words: string; onTake: () => void }) {
  const { t } = useTranslation("datasets");
  return (
    <span className={classes.chip} data-on>
      {words}
      <CloseButton size="xs" aria-label={t("filter.without", { what: words })} onClick={onTake} />
    </span>
  );
}

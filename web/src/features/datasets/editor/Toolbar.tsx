// What narrows the pictures, what can be done with the chosen ones, and the larger tools.
import { ActionIcon, Button, TextInput, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconKeyboard, IconLayoutSidebarRight, IconSchool, IconSearch, IconSparkles } from "@tabler/icons-react";
import { type RefObject, useEffect, useEffectEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { isNarrow } from "../filter";
import { useFormat } from "@/lib/useFormat";
import { Chips } from "./Chips";
import classes from "./DatasetEditor.module.css";
import { SelectionBar } from "./SelectionBar";
import { useEditor } from "./useEditor";
import { SIZES } from "./useThumbnailSize";

export type Dialog = "keys" | "caption" | "teach";

interface ToolbarProps {
  search: RefObject<HTMLInputElement | null>;
  size: number;
  onSize: (size: number) => void;
  onDialog: (dialog: Dialog) => void;
  /** Where the panel is not beside the pictures. */
  onPanel?: () => void;
  onClear: () => void;
}

export function Toolbar({ search, size, onSize, onDialog, onPanel, onClear }: ToolbarProps) {
  const { t } = useTranslation(["datasets", "common"]);
  const { number } = useFormat();
  const editor = useEditor();
  const { dataset, filter, readOnly, selected } = editor;
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t("tools.label")}>
      <div className={classes.bar}>
        <SearchField field={search} />
        <span role="status" className={classes.count}>
          {isNarrow(filter) ? t("grid.shown", { count: number(editor.images.length), all: number(dataset.images) }) : null}
        </span>
        <div className={classes.tools}>
          {readOnly ? null : (
            <>
              <Button variant="light" size="compact-sm" leftSection={<IconSparkles size={16} aria-hidden="true" />} onClick={() => onDialog("caption")}>
                {t("tools.caption")}
              </Button>
              <Button variant="default" size="compact-sm" leftSection={<IconSchool size={16} aria-hidden="true" />} onClick={() => onDialog("teach")}>
                {t("tools.teach")}
              </Button>
              <Tool label={`${t("tools.undo")} (U)`} onClick={() => editor.undo.mutate(undefined)} disabled={editor.undo.isPending}>
                <IconArrowBackUp size={18} />
              </Tool>
            </>
          )}
          <Tool label={`${t("tools.keys")} (?)`} onClick={() => onDialog("keys")}>
            <IconKeyboard size={18} />
          </Tool>
          {onPanel ? (
            <Button variant="default" size="compact-sm" leftSection={<IconLayoutSidebarRight size={16} aria-hidden="true" />} onClick={onPanel}>
              {t("panel.open")}
            </Button>
          ) : null}
          <input
            type="range" className={classes.size} aria-label={t("grid.size")} title={t("grid.size")} min={SIZES.min} max={SIZES.max} step={SIZES.step} value={size}
            onChange={(event) => onSize(event.currentTarget.valueAsNumber)}
          />
        </div>
      </div>
      <Chips />
      {selected.size ? <SelectionBar onClear={onClear} /> : null}
    </div>
  );
}

interface ToolProps {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  children: React.ReactNode;
}

function Tool({ label, ...button }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="md" aria-label={label} {...button} />
    </Tooltip>
  );
}

const PAUSE = 250;

/** Typed text narrows after a pause; Escape empties the field. */
function SearchField({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation("datasets");
  const { filter, narrow } = useEditor();
  const [text, setText] = useState(filter.search);
  const [known, setKnown] = useState(filter.search);
  if (known !== filter.search) {
    setKnown(filter.search);
    if (text.trim() !== filter.search) setText(filter.search);
  }
  const apply = useEffectEvent(() => narrow({ ...filter, search: text.trim() }));
  useEffect(() => {
    if (text.trim() === known) return;
    const timer = setTimeout(() => apply(), PAUSE);
    return () => clearTimeout(timer);
  }, [text, known]);
  return (
    <TextInput
      ref={field} className={classes.search} leftSection={<IconSearch size={16} aria-hidden="true" />} aria-label={t("grid.search")} placeholder={t("grid.search")} value={text}
      aria-keyshortcuts="/" onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        setText("");
        event.currentTarget.blur();
      }}
    />
  );
}

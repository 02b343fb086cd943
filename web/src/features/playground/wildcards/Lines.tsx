// The lines of one wildcard; saved when one rests, and when one leaves.
import { Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import type { Wildcard } from "@/features/playground/types";
import { linesOf } from "./names";
import { putWildcard } from "./put";
import classes from "./Wildcards.module.css";

const REST = 700;

export function Lines({ wildcard, onSaved }: { wildcard: Wildcard; onSaved: () => void }) {
  const { t } = useTranslation(["playground", "common"]);
  const [text, setText] = useState(() => wildcard.lines.join("\n"));
  const unsaved = useRef<string | null>(null);
  const { mutate, ...save } = useMutation({ mutationFn: (written: string) => putWildcard(wildcard.name, linesOf(written)), onSuccess: onSaved });
  const flush = () => {
    if (unsaved.current !== null) mutate(unsaved.current);
    unsaved.current = null;
  };
  useEffect(() => {
    const timer = setTimeout(flush, REST);
    return () => clearTimeout(timer);
    // what is flushed is in the ref
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when it is left
  useEffect(() => flush, []);
  return (
    <>
      <Textarea
        label={t("wildcards.lines", { name: wildcard.name })} autosize minRows={9} maxRows={14} spellCheck={false} value={text}
        onChange={(event) => {
          unsaved.current = event.currentTarget.value;
          setText(event.currentTarget.value);
        }}
        onBlur={flush}
      />
      <p className={classes.help} role="status">{save.isPending ? t("wildcards.saving") : save.isSuccess ? t("common:saved") : t("wildcards.count", { count: linesOf(text).length })}</p>
      {save.isError ? <ErrorNote error={save.error} small onRetry={() => mutate(text)} /> : null}
    </>
  );
}

// What is said with it: description, changes, who may use it, where its data came from.
import { Switch, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { Draft } from "@/features/publish/draft";
import { LicenseField } from "@/features/publish/LicenseField";
import classes from "@/features/publish/Publish.module.css";

interface WordsFieldsProps {
  kind: Kind;
  draft: Draft;
  version: number;
  onChange: (some: Partial<Draft>) => void;
}

export function WordsFields({ kind, draft, version, onChange }: WordsFieldsProps) {
  const { t } = useTranslation("publish");
  return (
    <div className={classes.fields}>
      <Textarea
        label={t("words.description")} description={t("words.descriptionHelp")} autosize minRows={3} maxRows={12} maxLength={20_000} value={draft.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
      {version > 1 && (
        <Textarea
          label={t("words.changes", { version: version - 1 })} description={t("words.changesHelp")} autosize minRows={2} maxRows={8} maxLength={20_000} value={draft.changes}
          onChange={(event) => onChange({ changes: event.currentTarget.value })}
        />
      )}
      <LicenseField value={draft.license} onChange={(license) => onChange({ license })} />
      <Textarea
        label={t(kind === "texts" ? "words.dataTexts" : "words.data")} description={t(kind === "texts" ? "words.dataHelpTexts" : "words.dataHelp")} autosize minRows={2} maxRows={6} maxLength={2000} value={draft.dataLicense}
        onChange={(event) => onChange({ dataLicense: event.currentTarget.value })}
      />
      {kind === "images" && (
        <Switch
          label={t("words.captions")} description={t("words.captionsHelp")} checked={draft.captions}
          onChange={(event) => onChange({ captions: event.currentTarget.checked })}
        />
      )}
    </div>
  );
}

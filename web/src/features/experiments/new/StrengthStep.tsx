// At which strengths every LoRA is drawn, as chips.
import { Button, TagsInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Draft, strengthsFrom, usualStrengths } from "@/features/experiments/asked/draft";
import classes from "@/features/experiments/new/New.module.css";
import { Step } from "@/features/new-run/steps/Step";

const SUGGESTED = ["0.25", "0.5", "0.75", "1", "1.25", "1.5"];

export function StrengthStep({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const { t } = useTranslation("experiments");
  const usual = usualStrengths(draft);
  const strengths = draft.strengths ?? usual;
  return (
    <Step number={2} title={t("new.strengths")} help={t("new.strengthsHelp")}>
      <div className={classes.row}>
        <TagsInput
          aria-label={t("new.strengths")} value={strengths.map(String)} data={SUGGESTED} maxTags={20} splitChars={[" ", ";"]} className={classes.strengths}
          error={strengths.length === 0 ? t("new.noStrength") : undefined}
          onChange={(texts) => onChange({ strengths: strengthsFrom(texts) })}
        />
        {draft.strengths !== null && <Button variant="subtle" size="compact-sm" onClick={() => onChange({ strengths: null })}>{t("new.usual", { values: usual.join(", ") })}</Button>}
      </div>
    </Step>
  );
}

// Prompts, one a line, and the seeds that each of them is drawn with.
import { NumberInput, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { linesOf } from "@/features/experiments/asked/draft";
import type { PartProps } from "@/features/experiments/new/Choose";
import classes from "@/features/experiments/new/New.module.css";
import { Step } from "@/features/new-run/steps/Step";

const MOST_SHOWN = 8;

export function PromptStep({ draft, chosen, onChange }: PartProps) {
  const { t } = useTranslation("experiments");
  const texts = chosen.kind === "texts";
  const written = draft.prompts ?? chosen.prompts.join("\n");
  const lines = linesOf(written);
  const add = (line: string) => onChange({ prompts: [...(written.trim() === "" ? [] : [written.trimEnd()]), line].join("\n") });
  const more = [...chosen.suggestions, ...chosen.triggers].filter((one) => !lines.includes(one)).slice(0, MOST_SHOWN);
  const trigger = chosen.triggers.find((word) => !lines.some((line) => line.includes(word)));
  const leakless = chosen.triggers.length > 0 && lines.length > 0 && lines.every((line) => chosen.triggers.some((word) => line.includes(word)));
  return (
    <Step number={3} title={t(texts ? "new.questions" : "new.prompts")} help={t(texts ? "new.questionsHelp" : "new.promptsHelp")}>
      <Textarea
        aria-label={t(texts ? "new.questions" : "new.prompts")} autosize minRows={4} maxRows={14} value={written}
        placeholder={t(texts ? "new.questionHint" : "new.promptHint")}
        description={t("new.linesCount", { count: lines.length })} inputWrapperOrder={["input", "description", "error"]}
        onChange={(event) => onChange({ prompts: event.currentTarget.value })}
      />
      {more.length > 0 && (
        <div className={classes.suggested} role="group" aria-label={t("new.suggested")}>
          <span className={classes.soft}>{t("new.suggested")}</span>
          {more.map((one) => <button key={one} type="button" className={classes.chip} onClick={() => add(one)}>{one}</button>)}
        </div>
      )}
      {trigger && lines.length > 0 && <p className={classes.soft}>{t("new.noTrigger", { word: trigger })}</p>}
      {leakless && draft.measure && <p className={classes.soft}>{t("new.allTriggered")}</p>}
      <div className={classes.fields}>
        <NumberInput
          label={t("new.seeds")} description={t(texts ? "new.seedsHelpTexts" : "new.seedsHelp")} min={1} max={50} value={draft.seeds} clampBehavior="strict" allowDecimal={false}
          onChange={(value) => typeof value === "number" && value >= 1 && onChange({ seeds: value })}
        />
        <NumberInput
          label={t("new.firstSeed")} description={t("new.firstSeedHelp")} min={0} max={4294967200} value={draft.firstSeed} clampBehavior="strict" allowDecimal={false}
          onChange={(value) => typeof value === "number" && onChange({ firstSeed: value })}
        />
      </div>
    </Step>
  );
}

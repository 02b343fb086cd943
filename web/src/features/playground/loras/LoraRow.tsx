// One LoRA that is on: how strong, from which step where a run made it, and how strong in which part.
import { ActionIcon, Button, Select } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import { Picture } from "@/components/Picture";
import { Dial } from "@/features/playground/controls/Dial";
import type { Play } from "@/features/playground/state/play";
import type { LoraAsked } from "@/features/playground/types";
import { useAsked } from "@/features/playground/usePlay";
import { checkpointsQuery } from "@/features/runs/queries";
import { useFormat } from "@/lib/useFormat";
import { blocksOf, withBlock } from "./blocks";
import classes from "./Loras.module.css";
import type { LoraInfo } from "./useLoraInfo";

const STRENGTHS = [{ value: 0 }, { value: 1 }];

interface Props {
  play: Play;
  lora: LoraAsked;
  info: LoraInfo;
  onChange: (change: Partial<LoraAsked>) => void;
  onRemove: () => void;
}

export function LoraRow({ play, lora, info, onChange, onRemove }: Props) {
  const { t } = useTranslation(["playground", "common"]);
  const name = info.name ?? t("common:loading");
  const blocks = lora.blocks ?? {};
  return (
    <li className={classes.row} aria-label={name}>
      <Picture src={info.preview} alt="" />
      <div className={classes.words}>
        <Link to={lora.lora ? `/loras/${lora.lora}` : `/runs/${lora.run ?? ""}`} className={classes.name}>{name}</Link>
        {lora.run && !lora.lora ? <StepChoice run={lora.run} step={lora.step ?? null} onChange={(step) => onChange({ step })} /> : null}
        {info.trigger ? <Trigger play={play} trigger={info.trigger} /> : null}
      </div>
      <ActionIcon variant="subtle" color="gray" aria-label={t("loras.remove", { name })} onClick={onRemove}><IconX size={16} /></ActionIcon>
      <div className={classes.wide}>
        {info.error ? <ErrorNote error={info.error} small /> : null}
        <Dial label={t("loras.strength")} min={-2} max={2} least={-4} most={4} marks={STRENGTHS} value={lora.strength} onChange={(strength) => onChange({ strength })} />
        <Fold title={t("loras.blocks")}>
          {() => blocksOf(info.family).map(([block, path]) => (
            <Dial
              key={path} label={t(`loras.block.${block}`)} min={0} max={2} least={-4} most={4} marks={STRENGTHS} value={blocks[path] ?? 1}
              onChange={(factor) => onChange({ blocks: withBlock(blocks, path, factor) })}
            />
          ))}
        </Fold>
      </div>
    </li>
  );
}

/** The word it was trained with: to be put into the prompt, or said where it stands there. */
function Trigger({ play, trigger }: { play: Play; trigger: string }) {
  const { t } = useTranslation("playground");
  const prompt = useAsked(play, "prompt");
  if (prompt.toLowerCase().includes(trigger.toLowerCase())) return <span className={classes.soft}>{trigger}</span>;
  return (
    <Button variant="light" size="compact-xs" className={classes.trigger} onClick={() => play.ask({ prompt: [trigger, prompt].filter((one) => one.trim() !== "").join(", ") })}>
      {t("loras.addTrigger", { trigger })}
    </Button>
  );
}

/** Which of the steps a run has kept; the newest goes on while it trains. */
function StepChoice({ run, step, onChange }: { run: string; step: number | null; onChange: (step: number | null) => void }) {
  const { t } = useTranslation("playground");
  const { number } = useFormat();
  const { data } = useQuery({ ...checkpointsQuery(run), refetchInterval: 15_000 });
  const steps = (data?.items ?? []).map((one) => one.step).sort((a, b) => b - a);
  const newest = steps[0];
  const known = step === null || steps.includes(step) ? steps : [step, ...steps];
  return (
    <Select
      size="xs" aria-label={t("loras.step")} allowDeselect={false} value={step === null ? "newest" : String(step)} className={classes.step}
      data={[
        { value: "newest", label: newest === undefined ? t("loras.newest") : t("loras.newestAt", { step: number(newest) }) },
        ...known.map((one) => ({ value: String(one), label: t("loras.atStep", { step: number(one) }) })),
      ]}
      onChange={(value) => value !== null && onChange(value === "newest" ? null : Number(value))}
    />
  );
}

// How it is drawn: base, seed, sampler and size. What is left empty is as the base is made for.
import { ActionIcon, NumberInput, Select, Switch, Tooltip } from "@mantine/core";
import { IconArrowsExchange, IconDice5, IconLock, IconLockOpen2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Model } from "@/api/types";
import { Fold } from "@/components/Fold";
import type { Play } from "@/features/playground/state/play";
import { newSeed, SAMPLERS, SEEDS } from "@/features/playground/state/settings";
import { useAsked, useSettings, useShown } from "@/features/playground/usePlay";
import { BaseField } from "./BaseField";
import classes from "./Controls.module.css";
import { Figure } from "./Figure";

interface Props {
  play: Play;
  models: readonly Model[] | undefined;
  base: Model | undefined;
  family: string | null;
}

export function Controls({ play, models, base, family }: Props) {
  const { t } = useTranslation("playground");
  const named = useAsked(play, "base_model");
  return (
    <div className={classes.fields}>
      <BaseField models={models} base={base} named={named} family={family} onChange={(base_model) => play.ask({ base_model })} />
      <Seed play={play} />
      <How play={play} />
      <Size play={play} usual={base?.resolution ?? null} />
      <div className={classes.wide}>
        <Fold title={t("control.more")}>{() => <More play={play} />}</Fold>
      </div>
    </div>
  );
}

/** What was drawn last in full says what the base is made for. */
function How({ play }: { play: Play }) {
  const { t } = useTranslation("playground");
  const [sampler, steps, guidance] = [useAsked(play, "sampler"), useAsked(play, "steps"), useAsked(play, "guidance")];
  const shown = useShown(play);
  const usual = (value: number | undefined) => (value && shown?.quality === "full" ? String(value) : t("control.usual"));
  return (
    <>
      <Select
        label={t("control.sampler")} allowDeselect={false} value={sampler} data={SAMPLERS.map((value) => ({ value, label: t(`sampler.${value}`) }))}
        onChange={(value) => play.ask({ sampler: SAMPLERS.find((one) => one === value) ?? "ddim" })}
      />
      <Figure label={t("control.steps")} placeholder={usual(shown?.steps)} value={steps ?? null} min={1} max={150} allowDecimal={false} onChange={(value) => play.ask({ steps: value })} />
      <Figure label={t("control.guidance")} placeholder={usual(shown?.guidance)} value={guidance ?? null} min={0} max={50} step={0.5} decimalScale={2} onChange={(value) => play.ask({ guidance: value })} />
    </>
  );
}

function Size({ play, usual }: { play: Play; usual: number | null }) {
  const { t } = useTranslation("playground");
  const [width, height] = [useAsked(play, "width"), useAsked(play, "height")];
  const shared = { placeholder: usual === null ? t("control.usual") : String(usual), hideControls: true, min: 32, max: 2048, grid: 8, allowDecimal: false };
  return (
    <div className={classes.size}>
      <Figure label={t("control.width")} {...shared} value={width ?? null} onChange={(value) => play.ask({ width: value })} />
      <ActionIcon variant="subtle" color="gray" size="2.25rem" aria-label={t("control.swap")} title={t("control.swap")} onClick={() => play.ask({ width: height, height: width })}>
        <IconArrowsExchange size={16} />
      </ActionIcon>
      <Figure label={t("control.height")} {...shared} value={height ?? null} onChange={(value) => play.ask({ height: value })} />
    </div>
  );
}

function Seed({ play }: { play: Play }) {
  const { t } = useTranslation("playground");
  const seed = useAsked(play, "seed");
  const { locked } = useSettings(play);
  const lock = t(locked ? "seed.unlock" : "seed.lock");
  return (
    <div className={classes.seed}>
      <Figure label={t("seed.label")} hideControls value={seed} min={0} max={SEEDS - 1} allowDecimal={false} onChange={(value) => value !== null && play.ask({ seed: value })} />
      <Tooltip label={lock} multiline maw={260}>
        <ActionIcon variant={locked ? "light" : "default"} size="2.25rem" aria-label={t("seed.locked")} aria-pressed={locked} onClick={() => play.set({ locked: !locked })}>
          {locked ? <IconLock size={16} /> : <IconLockOpen2 size={16} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("seed.dice")}>
        <ActionIcon variant="default" size="2.25rem" aria-label={t("seed.dice")} onClick={() => play.ask({ seed: newSeed() })}><IconDice5 size={16} /></ActionIcon>
      </Tooltip>
    </div>
  );
}

function More({ play }: { play: Play }) {
  const { t } = useTranslation("playground");
  const { asked, metadata } = useSettings(play);
  return (
    <div className={classes.more}>
      <NumberInput
        label={t("control.clipSkip")} description={t("control.clipSkipHelp")} min={0} max={8} allowDecimal={false} value={asked.clip_skip}
        onChange={(value) => typeof value === "number" && play.ask({ clip_skip: Math.min(8, Math.max(0, value)) })}
      />
      <Switch label={t("control.metadata")} description={t("control.metadataHelp")} checked={metadata} onChange={(event) => play.set({ metadata: event.currentTarget.checked })} />
    </div>
  );
}

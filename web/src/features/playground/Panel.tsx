// Beside the picture: what is to be drawn, with what, and how.
import { Button, Switch } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBraces, IconBrush, IconPlayerStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Model } from "@/api/types";
import { Controls } from "./controls/Controls";
import { Source } from "./controls/Source";
import { LoraList } from "./loras/LoraList";
import { familyOf, type LoraInfo } from "./loras/useLoraInfo";
import classes from "./Playground.module.css";
import { PromptField } from "./prompt/PromptField";
import type { Play } from "./state/play";
import { sameAsked } from "./state/settings";
import { useAsked, useSettings, useView } from "./usePlay";
import { WildcardsDialog } from "./wildcards/WildcardsDialog";

interface Props {
  play: Play;
  models: readonly Model[] | undefined;
  base: Model | undefined;
  infos: readonly LoraInfo[];
}

export function Panel({ play, models, base, infos }: Props) {
  return (
    <div className={classes.panel}>
      <Prompts play={play} family={base?.family ?? null} />
      <DrawBar play={play} />
      <Source play={play} />
      <LoraList play={play} infos={infos} models={models ?? []} />
      <Controls play={play} models={models} base={base} family={familyOf(infos)} />
    </div>
  );
}

function Prompts({ play, family }: { play: Play; family: string | null }) {
  const { t } = useTranslation("playground");
  const [prompt, negative, base] = [useAsked(play, "prompt"), useAsked(play, "negative_prompt"), useAsked(play, "base_model")];
  const shared = { base, family, onCompose: play.composing };
  return (
    <>
      <PromptField label={t("prompt.label")} placeholder={t("prompt.placeholder")} value={prompt} onChange={(text) => play.ask({ prompt: text })} {...shared} />
      <PromptField small label={t("prompt.negative")} placeholder={t("prompt.negativePlaceholder")} value={negative} onChange={(text) => play.ask({ negative_prompt: text })} {...shared} />
    </>
  );
}

function DrawBar({ play }: { play: Play }) {
  const { t } = useTranslation("playground");
  const [open, wildcards] = useDisclosure(false);
  const { asked, live, locked } = useSettings(play);
  const { phase, quality, shown } = useView(play);
  const busy = phase !== null && quality === "full";
  const again = !locked && shown?.quality === "full" && sameAsked(shown.asked, asked);
  return (
    <div className={classes.draw}>
      {busy ? (
        <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden="true" />} aria-keyshortcuts="Escape" onClick={play.stop}>{t("draw.stop")}</Button>
      ) : (
        <Button leftSection={<IconBrush size={16} aria-hidden="true" />} aria-keyshortcuts="Control+Enter" onClick={play.drawNow}>{t(again ? "draw.again" : "draw.action")}</Button>
      )}
      <Switch label={t("draw.live")} checked={live} onChange={(event) => play.set({ live: event.currentTarget.checked })} />
      <p className={classes.keys}>
        <span><kbd>Ctrl</kbd> <kbd>Enter</kbd> {t("keys.draw")}</span> <span><kbd>Ctrl</kbd> <kbd>↑↓</kbd> {t("keys.weigh")}</span>
      </p>
      <Button variant="subtle" size="compact-sm" leftSection={<IconBraces size={16} aria-hidden="true" />} onClick={wildcards.open}>{t("wildcards.open")}</Button>
      {open ? (
        <WildcardsDialog
          onClose={wildcards.close}
          onInsert={(name) => {
            wildcards.close();
            play.ask({ prompt: [asked.prompt.trimEnd(), `__${name}__`].filter((one) => one !== "").join(" ") });
          }}
        />
      ) : null}
    </div>
  );
}

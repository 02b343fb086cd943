// What can be done with the picture that stands: keep it, take it along, vary it, take its settings.
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconArrowsShuffle, IconBookmark, IconBookmarkFilled, IconClipboard, IconDownload, IconLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { announce } from "@/components/announce";
import { ErrorNote } from "@/components/ErrorNote";
import { formatFacts } from "@/lib/format";
import type { Play } from "@/features/playground/state/play";
import { linkTo } from "@/features/playground/state/settings";
import type { View } from "@/features/playground/state/view";
import classes from "./Stage.module.css";
import { useDrawingWords } from "./useDrawingWords";
import { useKeep } from "./useKeep";
import { useParameters } from "./useParameters";

export function Actions({ play, view }: { play: Play; view: View }) {
  const { t } = useTranslation("playground");
  const words = useDrawingWords();
  const keep = useKeep(play);
  const parameters = useParameters();
  const { shown } = view;
  const full = shown?.quality === "full";
  const copy = (text: string, said: string) => void navigator.clipboard.writeText(text).then(() => announce(said), () => announce(t("copy.refused"), "bad"));
  const vary = async () => {
    const id = shown?.kept ?? (await keep.mutateAsync().catch(() => null));
    if (!id) return;
    play.ask({ picture: { kind: "drawing", id } });
    announce(t("variation.begun"));
  };
  const facts = shown ? words.facts(shown) : [];
  return (
    <div className={classes.below}>
      <p className={classes.facts}>{formatFacts(facts)}</p>
      <div className={classes.actions}>
        <Button
          size="compact-sm" variant="default" disabled={!full || Boolean(shown?.kept)} loading={keep.isPending} onClick={() => keep.mutate()}
          leftSection={shown?.kept ? <IconBookmarkFilled size={16} aria-hidden="true" /> : <IconBookmark size={16} aria-hidden="true" />}
        >
          {t(shown?.kept ? "keep.kept" : "keep.action")}
        </Button>
        <Button size="compact-sm" variant="default" disabled={!full} leftSection={<IconArrowsShuffle size={16} aria-hidden="true" />} onClick={() => void vary()}>{t("variation.action")}</Button>
        {full && shown ? (
          <Tooltip label={t("download")}>
            <ActionIcon component="a" href={shown.picture} download={`loom-${shown.asked.seed}.png`} variant="default" size="1.625rem" aria-label={t("download")}><IconDownload size={16} /></ActionIcon>
          </Tooltip>
        ) : null}
        {shown ? (
          <Tooltip label={t("copy.settings")}>
            <ActionIcon variant="default" size="1.625rem" aria-label={t("copy.settings")} onClick={() => copy(parameters(shown), t("copy.settingsDone"))}><IconClipboard size={16} /></ActionIcon>
          </Tooltip>
        ) : null}
        <Tooltip label={t("copy.link")}>
          <ActionIcon variant="default" size="1.625rem" aria-label={t("copy.link")} onClick={() => copy(globalThis.location.origin + linkTo(play.settings().asked), t("copy.linkDone"))}><IconLink size={16} /></ActionIcon>
        </Tooltip>
      </div>
      {keep.isError ? <ErrorNote error={keep.error} small onRetry={() => keep.mutate()} /> : null}
      {shown?.warnings.map((warning) => <p key={warning} className={classes.warning}>{warning}</p>)}
    </div>
  );
}

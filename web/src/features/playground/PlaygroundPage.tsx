// The playground: write, see, keep.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelsQuery } from "@/api/queries";
import type { Model } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { isNamed } from "@/features/new-run/steps/fit";
import { First } from "./First";
import { History } from "./history/History";
import { useLoraInfo } from "./loras/useLoraInfo";
import { Panel } from "./Panel";
import classes from "./Playground.module.css";
import { Actions } from "./stage/Actions";
import { Stage } from "./stage/Stage";
import type { Play } from "./state/play";
import type { Drawing } from "./types";
import { useOpening } from "./useOpening";
import { useAsked, usePlay, useView } from "./usePlay";

export function Component() {
  const { t } = useTranslation("playground");
  const play = usePlay();
  const { opening, error, again } = useOpening(play);
  const named = useAsked(play, "base_model");
  const models = useQuery(modelsQuery);
  const infos = useLoraInfo(useAsked(play, "loras"));
  const [beside, setBeside] = useState<Drawing | null>(null);
  useKeys(play);
  const base = models.data?.items.find((model) => isNamed(model, named));
  return (
    <Page title={t("title")} wide heading={<h1 className={classes.title}>{t("title")}</h1>}>
      {error !== null ? <ErrorNote error={error} onRetry={again} /> : null}
      <div className={classes.board} aria-busy={opening}>
        <div className={classes.view}>
          <Hero play={play} base={base} run={infos[0]?.run ?? null} opening={opening} beside={beside} />
          <div className={classes.history}><History play={play} beside={beside} onBeside={setBeside} /></div>
        </div>
        <Panel play={play} models={models.data?.items} base={base} infos={infos} />
      </div>
    </Page>
  );
}

interface HeroProps {
  play: Play;
  base: Model | undefined;
  /** That the first LoRA comes from. */
  run: string | null;
  opening: boolean;
  beside: Drawing | null;
}

function Hero({ play, base, run, opening, beside }: HeroProps) {
  const view = useView(play);
  const [named, loras, width, height] = [useAsked(play, "base_model"), useAsked(play, "loras"), useAsked(play, "width"), useAsked(play, "height")];
  const side = base?.resolution ?? 512;
  const begin = (prompt: string) => {
    play.ask({ prompt });
    play.drawNow();
  };
  const first = <First run={run} embedded={base?.embedded ?? false} bare={loras.length === 0} onTake={begin} />;
  return (
    <div className={classes.hero}>
      <div className={classes.stage} data-empty={view.shown === null || undefined}>
        <Stage view={view} base={base?.name ?? named} ratio={(width ?? side) / (height ?? side)} beside={beside} empty={opening ? null : first} />
      </div>
      {view.error ? <ErrorNote error={view.error} small onRetry={play.drawNow} /> : null}
      <Actions play={play} view={view} />
    </div>
  );
}

/** Control and Enter draws from wherever the cursor is, Escape stops. */
function useKeys(play: Play): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('[role="dialog"]')) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        play.drawNow();
      }
      if (event.key === "Escape") play.stop();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [play]);
}

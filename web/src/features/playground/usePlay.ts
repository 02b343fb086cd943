// The playground's memory as the page sees it, for as long as the page is open.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { drawingKeys } from "./queries";
import { createPlay, type Play } from "./state/play";
import type { Asked, Settings } from "./state/settings";
import type { Shown, View } from "./state/view";

export function usePlay(): Play {
  const client = useQueryClient();
  const [play] = useState(() => createPlay(() => void client.invalidateQueries({ queryKey: drawingKeys.drawings })));
  useEffect(() => play.stop, [play]);
  return play;
}

export const useSettings = (play: Play): Settings => useSyncExternalStore(play.subscribe, play.settings);
export const useView = (play: Play): View => useSyncExternalStore(play.subscribe, play.view);

/** One thing that is asked for: what shows it is not made anew with every letter of the prompt. */
export const useAsked = <K extends keyof Asked>(play: Play, key: K): Asked[K] => useSyncExternalStore(play.subscribe, () => play.settings().asked[key]);
/** The picture that stands, without how far the next one is. */
export const useShown = (play: Play): Shown | null => useSyncExternalStore(play.subscribe, () => play.view().shown);

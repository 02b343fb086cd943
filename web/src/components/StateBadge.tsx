// The state of a run: a word and a mark of its own shape, so that colour is not all that tells.
import {
  IconAlertTriangle,
  IconCheck,
  IconClock,
  IconHourglass,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnectedX,
  IconX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { RunState } from "@/api/types";
import classes from "./StateBadge.module.css";

const LOOKS = {
  queued: ["plain", IconClock],
  preparing: ["warm", IconHourglass],
  running: ["warm", IconPlayerPlay],
  paused: ["warn", IconPlayerPause],
  finished: ["good", IconCheck],
  failed: ["bad", IconAlertTriangle],
  cancelled: ["plain", IconX],
  lost: ["bad", IconPlugConnectedX],
} as const satisfies Record<RunState, readonly [string, unknown]>;

export function StateBadge({ state }: { state: RunState }) {
  const { t } = useTranslation();
  const [tone, Icon] = LOOKS[state];
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden="true" />
      {t(`state.${state}`)}
    </span>
  );
}

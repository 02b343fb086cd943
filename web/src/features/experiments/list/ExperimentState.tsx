// The state of a comparison: it does not train, it draws or answers.
import type { RunState } from "@/api/types";
import type { Kind } from "@/api/kinds";
import { StateBadge } from "@/components/StateBadge";
import { useTranslation } from "react-i18next";
import badge from "@/components/StateBadge.module.css";
import { IconPlayerPlay } from "@tabler/icons-react";

export function ExperimentState({ state, kind }: { state: RunState; kind: Kind }) {
  const { t } = useTranslation("experiments");
  if (state !== "running") return <StateBadge state={state} />;
  return (
    <span className={badge.badge} data-tone="warm">
      <IconPlayerPlay size={14} stroke={2} aria-hidden="true" />
      {t(kind === "texts" ? "state.answering" : "state.drawing")}
    </span>
  );
}

// Why a run waits that nothing in front of it explains.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "@/api/queries";
import type { Run } from "@/api/types";
import { useFormat } from "@/lib/useFormat";

export function useWhy(): (run: Run) => string {
  const { t, i18n } = useTranslation("runs");
  const { bytes } = useFormat();
  const me = useQuery({ ...sessionQuery, enabled: false }).data?.user?.name;
  return ({ waits, user }) => {
    switch (waits?.why) {
      case "quota":
        if (waits.team) return t("why.quotaTeam", { team: waits.team, most: waits.most });
        return t(user === me ? "why.quotaUser" : "why.quotaOwner", { user, most: waits.most });
      case "labels":
        return t("why.labels", { labels: waits.labels.join(i18n.language === "zh" ? "、" : ", ") });
      case "device":
        return t("why.device", { device: waits.device });
      case "cards":
        return t("why.cards", { cards: waits.cards });
      case "memory":
        return t("why.memory", { memory: bytes(waits.bytes ?? 0) });
      default:
        return "";
    }
  };
}

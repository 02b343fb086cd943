// What the file is, and what is written in it.
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import { kindOf } from "@/api/kinds";
import type { Lora } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import facts from "@/components/Facts.module.css";
import { TimeAgo } from "@/components/Format";
import { Fold } from "@/components/Fold";
import { useFormat } from "@/lib/useFormat";

export function LoraFacts({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const { bytes, number } = useFormat();
  const rows: [string, ReactNode][] = [
    [t("fact.base"), lora.base_model],
    [t("fact.family"), kindOf(lora.family) === "texts" ? t("kind.texts") : lora.family],
    [t("fact.rank"), lora.rank],
    [t("fact.alpha"), lora.alpha],
    [t("fact.steps"), number(lora.steps)],
    [t("fact.size"), bytes(lora.bytes)],
    [t("fact.made"), <TimeAgo key="made" time={lora.created_at} />],
    [t("fact.sha"), <span key="sha"><code>{lora.sha256.slice(0, 12)}…</code> <CopyButton value={lora.sha256} /></span>],
  ];
  const metadata = Object.entries(lora.metadata);
  return (
    <>
      <dl className={facts.facts}>
        {rows.filter(([, value]) => value !== null).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {metadata.length > 0 && (
        <Fold title={t("metadata")}>
          {() => (
            <dl className={facts.facts}>
              {metadata.map(([name, value]) => (
                <div key={name}><dt>{name}</dt><dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd></div>
              ))}
            </dl>
          )}
        </Fold>
      )}
    </>
  );
}

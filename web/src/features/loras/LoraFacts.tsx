// What the file is, and what is written in it.
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import type { Lora } from "@/api/types";
import facts from "@/components/Facts.module.css";
import { TimeAgo } from "@/components/Format";
import { Fold } from "@/components/Fold";
import { useFamilyWords } from "@/features/loras/useFamilyWords";
import { useFormat } from "@/lib/useFormat";

export function LoraFacts({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const { bytes, number } = useFormat();
  const familyWords = useFamilyWords();
  const rows: [string, ReactNode][] = [
    [t("fact.base"), lora.base_model],
    [t("fact.family"), familyWords(lora.family)],
    [t("fact.rank"), lora.rank],
    [t("fact.alpha"), lora.alpha],
    [t("fact.steps"), lora.steps > 0 ? number(lora.steps) : null],
    [t("fact.size"), bytes(lora.bytes)],
    [t(lora.run ? "fact.made" : "fact.added"), <TimeAgo key="made" time={lora.created_at} />],
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

// One field before and after: captions word by word, everything else as "this → that".
import { useTranslation } from "react-i18next";
import { WordDiff } from "@/components/WordDiff";

const isText = (value: unknown): value is string | null | undefined => typeof value === "string" || value === null || value === undefined;

interface FieldDiffProps {
  field?: string;
  before: unknown;
  after: unknown;
}

export function FieldDiff({ field = "caption", before, after }: FieldDiffProps) {
  const { t } = useTranslation("datasets");
  const words = (value: unknown): string => {
    if (value === null || value === undefined) return t("diff.none");
    if (typeof value === "boolean") return t(value ? "diff.yes" : "diff.no");
    if (Array.isArray(value)) return value.map((share: number) => `${Math.round(share * 100)}%`).join(" ");
    return field === "mask" ? t("mask.there") : String(value);
  };
  if (field === "caption" && isText(before) && isText(after)) return <WordDiff before={before ?? ""} after={after ?? ""} />;
  return (
    <span>
      {words(before)} → {words(after)}
    </span>
  );
}

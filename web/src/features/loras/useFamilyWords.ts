// What a family of base models is called.
import { useTranslation } from "react-i18next";

export function useFamilyWords(): (family: string) => string {
  const { t } = useTranslation("loras");
  return (family) => t(`family.${(family || "unknown") as "unknown"}`, { defaultValue: family });
}

// The first question: pictures or texts. What was chosen for the other kind is kept.
import { IconMessages, IconPhoto } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type Kind, KINDS } from "@/api/kinds";
import { Step } from "@/features/new-run/steps/Step";
import classes from "@/features/new-run/steps/Steps.module.css";

const ICONS = { images: IconPhoto, texts: IconMessages };

export function KindStep({ kind, onKind }: { kind: Kind; onKind: (kind: Kind) => void }) {
  const { t } = useTranslation("newRun");
  return (
    <Step number={1} title={t("kind.title")} help={t("kind.help")}>
      <div className={classes.kinds} role="radiogroup" aria-label={t("kind.title")}>
        {KINDS.map((one) => {
          const Icon = ICONS[one];
          return (
            <label key={one} className={classes.card} data-checked={one === kind || undefined}>
              <input type="radio" name="kind" value={one} checked={one === kind} onChange={() => onKind(one)} />
              <span className={classes.kindWords}>
                <Icon size={26} stroke={1.4} aria-hidden="true" />
                <strong>{t(`kind.${one}.title`)}</strong>
                <span>{t(`kind.${one}.text`)}</span>
              </span>
            </label>
          );
        })}
      </div>
    </Step>
  );
}

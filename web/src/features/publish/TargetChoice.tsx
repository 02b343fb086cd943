// Where it can go, each place with what will happen there.
import { IconCloudUpload, IconFileZip, IconFolder, IconLayoutGrid } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import type { Targets } from "@/api/types";
import { type Target, targetsOf } from "@/features/publish/draft";
import classes from "@/features/publish/Publish.module.css";

const ICONS = { folder: IconFolder, zip: IconFileZip, hub: IconCloudUpload, gallery: IconLayoutGrid } as const;

interface TargetChoiceProps {
  kind: Kind;
  targets: Targets;
  value: Target;
  onChange: (target: Target) => void;
}

export function TargetChoice({ kind, targets, value, onChange }: TargetChoiceProps) {
  const { t } = useTranslation("publish");
  return (
    <fieldset className={classes.targets}>
      <legend>{t("target.legend")}</legend>
      {targetsOf(kind).map((target) => {
        const Icon = ICONS[target];
        const nobody = target === "hub" && targets.hub_user === null;
        return (
          <label key={target} className={classes.target} data-off={nobody || undefined}>
            <input type="radio" name="target" checked={value === target} onChange={() => onChange(target)} disabled={nobody} />
            <Icon size={22} stroke={1.5} aria-hidden="true" />
            <span>
              <b>{t(`target.${target}.title`)}</b>
              <span>{t(`target.${target}.text`)}</span>
              {nobody && <small>{t("target.hub.nobody")}</small>}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

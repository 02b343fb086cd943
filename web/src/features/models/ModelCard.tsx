// One base model: what it is, where it lies, and whether it can be used.
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { kindOf } from "@/api/kinds";
import { keys } from "@/api/queries";
import type { Model } from "@/api/types";
import { ConfirmButton } from "@/components/ConfirmButton";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import { PrepareBase } from "./PrepareBase";
import classes from "./ModelsPage.module.css";

const FAMILIES = ["sd1", "sd2", "sdxl", "sd3", "flux", "causal_lm"] as const;
type Family = (typeof FAMILIES)[number];
const isFamily = (name: string | null): name is Family => FAMILIES.some((family) => family === name);

export function ModelCard({ model }: { model: Model }) {
  const { t } = useTranslation("models");
  const { bytes } = useFormat();
  const facts = [
    isFamily(model.family) ? t(`family.${model.family}`) : (model.family ?? t("family.unknown")),
    model.resolution ? t("resolution", { size: model.resolution }) : null,
    model.bytes ? bytes(model.bytes) : null,
  ].filter((fact) => fact !== null);
  return (
    <li className={classes.model}>
      <div>
        <h2>
          {model.name}
          {model.embedded ? <span className={classes.mark}>{t("embedded")}</span> : null}
          {model.available ? null : (
            <span className={classes.mark} data-tone="bad">
              {t("unavailable")}
            </span>
          )}
        </h2>
        <p className={classes.facts}>{formatFacts(facts)}</p>
        {model.embedded ? <p className={classes.facts}>{t(kindOf(model.family) === "texts" ? "embeddedTexts" : "embeddedText")}</p> : <p className={classes.source}>{model.source}</p>}
        <PrepareBase model={model} />
        {model.warnings.map((warning) => (
          <p key={warning} className={classes.warning}>
            {warning}
          </p>
        ))}
      </div>
      {model.embedded ? null : <Remove model={model} />}
    </li>
  );
}

function Remove({ model }: { model: Model }) {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  const remove = async () => {
    await take(api.DELETE("/api/models/{model_id}", { params: { path: { model_id: model.id } } }));
    await client.invalidateQueries({ queryKey: keys.models });
  };
  return (
    <ConfirmButton
      size="compact-sm"
      question={t("remove.question")}
      consequence={t("remove.consequence", { name: model.name })}
      onConfirm={remove}
    >
      {t("remove.action")}
    </ConfirmButton>
  );
}

// The settings of what is shown as text, with the names of its LoRAs and its base.
import { useQueryClient } from "@tanstack/react-query";
import { modelsQuery } from "@/api/queries";
import { loraQuery } from "@/features/loras/queries";
import { isNamed } from "@/features/new-run/steps/fit";
import { runQuery } from "@/features/runs/queries";
import type { Shown } from "@/features/playground/state/view";
import { parametersText } from "./parameters";

export function useParameters(): (shown: Shown) => string {
  const client = useQueryClient();
  return (shown) => {
    const { base_model, loras } = shown.asked;
    const models = client.getQueryData(modelsQuery.queryKey)?.items ?? [];
    const names = loras.map(({ lora, run }) => (lora ? client.getQueryData(loraQuery(lora).queryKey)?.name : client.getQueryData(runQuery(run ?? "").queryKey)?.name) ?? "");
    return parametersText(shown, { loras: names, base: models.find((model) => isNamed(model, base_model))?.name ?? base_model });
  };
}

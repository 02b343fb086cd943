// Which base a LoRA is drawn on: the one it was made for, or one of its family.
import { kindOf } from "@/api/kinds";
import type { Model } from "@/api/types";
import { isNamed } from "@/features/new-run/steps/fit";

/** Bases that draw, of one family where that is given. */
export const drawing = (models: readonly Model[], family: string | null): Model[] =>
  models.filter((model) => model.family !== null && kindOf(model.family) === "images" && (family === null || model.family === family));

/** What is drawn on once a LoRA of `family`, made for `wanted`, is added. With others on, a base that fits stays. */
export function baseFor(models: readonly Model[], current: string, family: string, wanted: string, others: boolean): string {
  const able = drawing(models, family);
  const now = able.find((model) => isNamed(model, current));
  if (others && now) return current;
  const own = able.find((model) => isNamed(model, wanted) && model.available);
  return own?.id ?? now?.id ?? able.find((model) => model.available)?.id ?? wanted;
}

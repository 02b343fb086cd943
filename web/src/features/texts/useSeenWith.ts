// With which base model, and how, the texts are looked at: the same for the check and for every preview, kept in this browser.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { kindOf } from "@/api/kinds";
import { modelsQuery } from "@/api/queries";
import type { Model } from "@/api/types";
import { readStored, store } from "@/lib/stored";
import type { SeenWith } from "./api";

export const USUAL: SeenWith = { base: null, maxLength: 1024, trainOn: "answers", system: "" };

function kept(): SeenWith {
  try {
    return { ...USUAL, ...(JSON.parse(readStored("texts-seen-with") ?? "{}") as Partial<SeenWith>) };
  } catch {
    return USUAL;
  }
}

export interface Seen {
  seen: SeenWith;
  see: (change: Partial<SeenWith>) => void;
  /** Bases of language models that are there. */
  bases: readonly Model[];
  /** The one that is meant; undefined where there is none, or it is not known yet. */
  base: Model | undefined;
  known: boolean;
}

export function useSeenWith(): Seen {
  const [seen, setSeen] = useState(kept);
  const { data } = useQuery(modelsQuery);
  const bases = (data?.items ?? []).filter((model) => kindOf(model.family) === "texts" && model.available);
  return {
    seen,
    see: (change) => {
      const next = { ...seen, ...change };
      setSeen(next);
      store("texts-seen-with", JSON.stringify(next));
    },
    bases,
    base: bases.find((model) => model.id === seen.base) ?? bases.find((model) => model.state === "ready") ?? bases[0],
    known: data !== undefined,
  };
}

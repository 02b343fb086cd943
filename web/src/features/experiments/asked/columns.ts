/** What an experiment comes to, by the same rule as the server's: `spec.experiment.columns`. */
import type { ExperimentAsked } from "@/api/types";

/** More cells than this are refused. */
export const MOST_CELLS = 5000;

type Asked = Pick<ExperimentAsked, "candidates" | "strengths" | "bases" | "samplers" | "prompts" | "seeds">;

/** Numbers count in the lists of the experiment. */
export interface PlainColumn {
  candidate: number;
  strength: number;
  base: number;
  sampler: number;
}

/** Bases outermost, then samplers, then what is compared, then strengths; the base alone has strength 0, once. */
export function columnsOf({ candidates, strengths, bases, samplers }: Asked): PlainColumn[] {
  const found = new Map<string, PlainColumn>();
  for (let base = 0; base < Math.max(1, bases.length); base++)
    for (let sampler = 0; sampler < samplers.length; sampler++)
      candidates.forEach(({ what }, candidate) => {
        for (const wanted of strengths) {
          const strength = what === "base" ? 0 : wanted;
          found.set([candidate, strength, base, sampler].join(" "), { candidate, strength, base, sampler });
        }
      });
  return [...found.values()];
}

export const countCells = (asked: Asked): number => columnsOf(asked).length * asked.prompts.length * asked.seeds.length;

// The colours of the curves; custom properties, so that they follow light and dark.
import type { Line } from "@/features/runs/chart/options";

const MAIN = "--loom-accent";
const SECOND = "--loom-soft";
const CHECK = "--loom-good";

export const LOSS_LINES: readonly Line[] = [
  { colour: MAIN, alpha: 0.45, width: 1 },
  { colour: MAIN, width: 2 },
  { colour: CHECK, dots: true },
];
export const PERPLEXITY_LINES: readonly Line[] = [{ colour: CHECK, marks: true }];
export const LR_LINES: readonly Line[] = [{ colour: MAIN }];
export const MEMORY_LINES: readonly Line[] = [{ colour: MAIN }, { colour: SECOND, width: 1 }];
export const TIME_LINES: readonly Line[] = [{ colour: MAIN, width: 1 }];

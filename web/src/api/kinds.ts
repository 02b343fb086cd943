// Pictures or texts: what a data set holds and what a family of base models learns from.

export const KINDS = ["images", "texts"] as const;
export type Kind = (typeof KINDS)[number];

export const kindOf = (family: string | null | undefined): Kind => (family === "causal_lm" ? "texts" : "images");

// The nouns of the playground, as the server has them.
import type { components } from "@/api/schema";
import type { DrawAsked } from "@/api/types";

export type { DrawAsked, Drawing, DrawnLine, LoraAsked, PromptView, Span, Wildcard, Word } from "@/api/types";
export type Sampler = DrawAsked["sampler"];
export type PictureAsked = NonNullable<DrawAsked["picture"]>;
export type Draw = components["schemas"]["Draw"];

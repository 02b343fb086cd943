// The parts of a model in which a LoRA can be made weaker or stronger, by how their modules' paths begin.

export type Block = "text" | "down" | "mid" | "up" | "blocks";

const UNET: readonly [Block, string][] = [["text", "text_encoder"], ["down", "unet.down_blocks"], ["mid", "unet.mid_block"], ["up", "unet.up_blocks"]];
const TRANSFORMER: readonly [Block, string][] = [["text", "text_encoder"], ["blocks", "transformer"]];
/** Parts that go with another one: SDXL reads prompts with two encoders. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { text_encoder: ["text_encoder_2"] };

export const blocksOf = (family: string | null): readonly [Block, string][] => (family === "sd3" || family === "flux" ? TRANSFORMER : UNET);

/** With one block changed, and what goes with it; at 1 it is not worth a word. */
export function withBlock(blocks: Record<string, number>, path: string, factor: number): Record<string, number> {
  const changed = [path, ...(BESIDE[path] ?? [])];
  const others = Object.fromEntries(Object.entries(blocks).filter(([key]) => !changed.includes(key)));
  return factor === 1 ? others : { ...others, ...Object.fromEntries(changed.map((one) => [one, factor])) };
}

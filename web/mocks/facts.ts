// What the mock's captioning and quality know.
import type { Engine, Finding, Image, LabelSet } from "../src/features/datasets/api.ts";

const COMMON = {
  model: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Model", description: "Folder or hub id of the model; empty: the engine's own.", "x-zh": { label: "模型", help: "模型的文件夹或 Hub 编号；留空则用引擎自带的。" } },
  template: { type: "string", default: "{caption}", title: "Template", description: "How the caption is put together.", "x-zh": { label: "模板", help: "标注的拼接方式。" } },
  trigger: { type: "string", default: "", title: "Trigger", description: "Word that calls the LoRA.", "x-zh": { label: "触发词", help: "调用这个 LoRA 的词。" } },
  existing: { type: "string", enum: ["keep", "append", "prepend", "replace"], default: "keep" },
  batch_size: { type: "integer", default: 8, title: "Batch size", unit: "pictures", description: "Pictures at once.", "x-zh": { label: "批大小", unit: "张", help: "一次处理的图片数。" } },
};

export const ENGINES: Engine[] = [
  { engine: "clip", title: "Labels (CLIP, SigLIP)", who: "You know what the pictures may show and want each named from your list.", needs: "Labels. The built-in model is very small and knows simple drawings; name a larger one for anything else.", own_model: true, available: true, why_not: "",
    fields: { properties: { engine: { const: "clip" }, ...COMMON, labels: { type: "array", items: { type: "string" }, default: [], title: "Labels", description: "Labels to choose from." }, label_sets: { type: "array", items: { type: "string" }, default: [] }, max_labels: { type: "integer", default: 1, title: "Max Labels", description: "Labels of one group at most." } } } },
  { engine: "tagger", title: "Tags (WD14)", who: "Drawings in the anime manner.", needs: "A folder or hub id with model.onnx.", own_model: false, available: false, why_not: "Not installed: pip install 'loraloom[tagger]'", fields: { properties: COMMON } },
  { engine: "vlm", title: "Vision model behind an address", who: "You run llama.cpp, vLLM or Ollama.", needs: "An OpenAI-compatible address.", own_model: true, available: true, why_not: "", fields: { properties: { ...COMMON, url: { type: "string", default: "http://127.0.0.1:8080/v1", title: "Url", description: "Address of the endpoint." } } } },
];

export const LABEL_SETS: LabelSet[] = [
  { name: "lighting.en", language: "en", title: "Lighting", labels: ["natural light", "sunlight", "soft light", "night"], english: [] },
  { name: "lighting.zh", language: "zh", title: "光线", labels: ["自然光", "阳光", "柔光", "夜晚"], english: [] },
  { name: "styles.en", language: "en", title: "Styles", labels: ["ink wash", "watercolour", "oil painting", "photo"], english: [] },
];

export function findings(images: readonly Image[]): Finding[] {
  const ids = (wanted: (image: Image, n: number) => boolean) => images.filter(wanted).map((image) => image.id);
  const all: Omit<Finding, "count">[] = [
    { groups: [], kind: "no_caption", level: "bad", message: "Pictures have no caption.", hint: "Caption them, by hand or with an engine.", images: ids((image) => !image.caption) },
    { groups: [], kind: "near_duplicate", level: "warn", message: "Pictures look like another one, in 4 groups.", hint: "Keep the best of each group: what is there twice is learnt twice as strongly.", images: ids((_, n) => n % 9 === 4) },
    { groups: [], kind: "full_width_commas", level: "note", message: "Captions have full-width commas.", hint: "Trainers split tags by plain ones.", images: ids((image) => /[，、]/.test(image.caption ?? "")) },
  ];
  return all.filter((one) => one.images.length).map((one) => ({ ...one, count: one.images.length, images: one.images.slice(0, 500) }));
}

// The mock's publishing: evidence and cards made up for each LoRA, publications kept until the server ends.
import type { Evidence, Lora, Publication, Publish, Targets } from "../src/api/types.ts";
import { loras } from "./experiments.ts";
import { type Call, fail, page, type Reply } from "./reply.ts";

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const TARGETS: Targets = {
  places: [
    { program: "webui", path: "/srv/stable-diffusion-webui/models/Lora", writable: true },
    { program: "comfyui", path: "/srv/ComfyUI/models/loras", writable: false },
  ],
  hub_user: "mei", hub: "https://huggingface.co", gallery: "/api/gallery/index.html",
};

const hashes = { sha256: "9f2c7b1e".repeat(8), autov2: "9F2C7B1E9F", sshs_model: "3ad10f".repeat(10) + "3ad1", sshs_legacy: "5f02ab91" };
const TESTED: Evidence = {
  tested: true, experiments: ["e1"], votes: 14, strength: 0.75, strength_from: "votes", adherence: 0.294, style: 0.38, diversity: 0.41, nearest: 0.96, leak: 0.12, perplexity: null,
  images: 24, steps: 600, resolution: 512, hashes,
  limits: [
    "It can copy what it was trained on: a picture of it is nearly a training picture (0.96).",
    "Its strength rests on 14 votes: that may be chance.",
    "A sentence that this page does not know yet is shown as it is.",
  ],
};
const evidenceOf = (lora: Lora): Evidence =>
  lora.id === "l1"
    ? TESTED
    : { tested: false, experiments: [], votes: 0, strength: 1, strength_from: "usual", images: lora.run ? 18 : null, steps: lora.steps, resolution: null, hashes,
        limits: ["It was not tested: nobody compared it with the base model or with another LoRA.", `On how many ${lora.family === "causal_lm" ? "texts" : "pictures"} it was trained is not known.`] };

const published: Publication[] = [
  { id: "p2", lora: "l1", name: "Mountain inns v2", version: 2, target: "zip", place: "", state: "published", tested: true, changes: "Trained on twice as many plates; the roofs keep their slope.\nWorks at 0.75.", files: ["mountain-inns-v2.zip"], sha256: hashes.sha256, created_at: ago(90) },
  { id: "p1", lora: "l1", name: "Mountain inns v2", version: 1, target: "folder", place: "/srv/stable-diffusion-webui/models/Lora", state: "withdrawn", tested: false, changes: "", files: ["a", "b", "c"], sha256: hashes.sha256.replaceAll("9", "1"), created_at: ago(4000), withdrawn_at: ago(80) },
];

function cardOf(lora: Lora, asked: Publish): string {
  const evidence = evidenceOf(lora);
  const tables = `| | |\n|---|---|\n| Kind | LoRA |\n| Rank, alpha | ${lora.rank}, ${lora.alpha} |\n| Steps | ${lora.steps} |`;
  return [
    `---\nlicense: ${asked.license || "other"}\nlibrary_name: diffusers\nbase_model: ${lora.base_model}\ntags:\n- lora\n- text-to-image\n---`,
    `# ${lora.name}`, lora.preview ? `![${lora.name}](preview.png)` : "", asked.description, `A LoRA for Stable Diffusion 1.x, trained on \`${lora.base_model}\`.`,
    lora.trigger ? `Trigger: \`${lora.trigger}\`. Put it into the prompt.` : "", evidence.tested ? `Recommended strength: **${evidence.strength}**, by ${evidence.votes} blind votes.` : "",
    "## Samples\n\n![samples](sample-grid.png)",
    asked.changes && `## What is new\n\n${asked.changes}`, "## How it was trained", tables, `## Where the data came from\n\n${asked.data_license || "The author has not said."}`,
    "## Use it\n\n- ComfyUI: put the file into `models/loras`.\n- diffusers:\n\n```python\npipeline.load_lora_weights(\".\", weight_name=\"lora.safetensors\")\n```",
    "## Limits", evidence.limits.map((one) => `- ${one}`).join("\n"),
  ].filter(Boolean).join("\n\n") + "\n";
}

function publish(lora: Lora, asked: Publish): Reply {
  if (!evidenceOf(lora).tested && !asked.untested) return fail(409, "lora_untested", "Nobody has compared this LoRA with anything.");
  if (asked.place.startsWith("/root")) return fail(409, "not_writable", `The server may not write to ${asked.place}.`);
  const version = Math.max(0, ...published.filter((one) => one.lora === lora.id && one.target === asked.target && (asked.target !== "folder" || one.place === asked.place)).map((one) => one.version)) + 1;
  const file = `${lora.name.toLowerCase().replaceAll(/\W+/g, "-")}-v${version}`;
  const place = asked.target === "hub" ? `${TARGETS.hub}/${asked.place}` : asked.target === "gallery" ? TARGETS.gallery : asked.place;
  const made: Publication = {
    id: Math.random().toString(36).slice(2, 8), lora: lora.id, name: lora.name, version, target: asked.target, place, state: "published", tested: evidenceOf(lora).tested,
    changes: asked.changes, files: [`${file}.safetensors`, "README.md"], sha256: hashes.sha256, created_at: new Date().toISOString(),
  };
  published.unshift(made);
  return [201, made];
}

export const lorasRest = (call: Call, id?: string, rest?: string): Reply => {
  const family = call.query.get("family");
  if (!id) return page(loras.filter((one) => (!family || one.family === family) && `${one.name}${one.trigger}`.toLowerCase().includes((call.query.get("search") ?? "").toLowerCase())), call.query);
  const lora = loras.find((one) => one.id === id);
  if (!lora) return fail(404, "lora_not_found", "There is no LoRA of this id.");
  if (rest === "evidence") return [200, evidenceOf(lora)];
  if (rest === "card") return [200, { text: cardOf(lora, call.body as unknown as Publish) }];
  if (rest === "publications") return publish(lora, call.body as unknown as Publish);
  if (call.method === "PATCH") Object.assign(lora, call.body);
  if (call.method !== "DELETE") return [200, lora];
  loras.splice(loras.indexOf(lora), 1);
  return [204];
};

/** What an upload becomes. */
export function addLora(name: string, bytes: number): string {
  const id = Math.random().toString(36).slice(2, 8);
  const stem = name.replace(/\.safetensors$/i, "");
  loras.unshift({ ...(loras[1] as Lora), id, name: stem, run: null, trigger: "", bytes, steps: 0, rank: 32, alpha: 16, preview: null, created_at: new Date().toISOString() });
  return id;
}

export const publications = (call: Call, id?: string): Reply => {
  if (!id) return page(published.filter((one) => !call.query.get("lora") || one.lora === call.query.get("lora")), call.query);
  const one = published.find((publication) => publication.id === id);
  if (!one) return fail(404, "publication_not_found", "There is no such publication.");
  if (call.method === "DELETE") Object.assign(one, { state: "withdrawn", withdrawn_at: new Date().toISOString() });
  return [200, one];
};

export const publishTargets = (): Reply => [200, TARGETS];

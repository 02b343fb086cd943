// What the mock server knows when it starts.
import type { Image } from "../src/features/datasets/api.ts";
import type { Dataset, Hardware, Lifecycle, Machine, Model, Preset, Quota, Run, Settings, Storage, Token, User, Worker } from "../src/api/types.ts";

const GB = 1e9;
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

export const machine: Machine = {
  version: "0.1.0",
  devices: [{ id: "cuda:0", name: "NVIDIA GeForce RTX 4070", kind: "cuda", memory_total: 12 * GB, memory_free: 9.4 * GB, load: 0.31 }],
  cores: 16, memory_total: 64 * GB, memory_free: 41 * GB, disk_total: 1000 * GB, disk_free: 412 * GB,
  sandbox: { kind: "bubblewrap", message: "" }, warm: true, import_roots: [],
};

export const hardware: Hardware = {
  system: "Linux 6.8", python: "3.12.3", cores: 16, disk_total: 1000 * GB, disk_free: 412 * GB, driver: "550.54", torch_cuda: "13.0",
  versions: { torch: "2.13.0", diffusers: "0.42.1", bitsandbytes: null },
  devices: [{ id: "cuda:0", name: "NVIDIA GeForce RTX 4070", kind: "cuda", memory_total: 12 * GB, memory_free: 9.4 * GB, load: 0.31, capability: "8.9", dtypes: ["fp16", "bf16", "fp8"], used_by: [{ pid: 4411, name: "python", memory: 2.1 * GB }] }],
  problems: [{ code: "driver_too_old", message: "The driver 550.54 is too old for CUDA 13.0, which torch was built with.", hint: "Install driver 580 or newer." }],
};

export const users: User[] = [{ id: "u1", name: "mei", admin: true, team: "ink", created_at: ago(90_000) }, { id: "u2", name: "jonas", admin: false, team: "", created_at: ago(4_000) }];
export const tokens: Token[] = [{ id: "t1", name: "render farm", created_at: ago(20_000), used_at: ago(12) }];
export const settings: Settings = { webhook_url: "", default_base_model: "thimble", nsfw_check: false, most_run_hours: null, preempt: false };
export const lifecycle: Lifecycle = { checkpoints_days: 30, samples_days: null, run_caches_days: 7, cache_bytes: 50e9, blobs_grace_hours: 24 };
export const quotas: Quota[] = [{ kind: "user", name: "", most_active: 2, most_queued: null }, { kind: "team", name: "ink", most_active: 4, most_queued: 100 }];
export const workers: Worker[] = [
  { id: "w1", name: "gpu-1", labels: ["a100", "80gb"], version: "0.1.0", there: true, draining: false, seen_at: ago(0), created_at: ago(9000), devices: [{ id: "cuda:0", name: "NVIDIA A100-SXM4-80GB", kind: "cuda", count: 1, memory_total: 80 * GB, run: { id: "r1", name: "Mountain inns" } }, { id: "cuda:1", name: "NVIDIA A100-SXM4-80GB", kind: "cuda", count: 1, memory_total: 80 * GB, run: null }] },
  { id: "w2", name: "attic", labels: [], version: "0.1.0", there: false, draining: true, seen_at: ago(300), created_at: ago(90_000), devices: [{ id: "cpu", name: "", kind: "cpu", count: 1, memory_total: 16 * GB, run: null }] },
];
export const storage: Storage = { parts: [{ name: "blobs", bytes: 2.1 * GB, files: 2112, removable: 0 }, { name: "runs", bytes: 8.4 * GB, files: 940, removable: 0 }, { name: "checkpoints", bytes: 5.2 * GB, files: 61, removable: 3.9 * GB }, { name: "cache", bytes: 1.3 * GB, files: 380, removable: 1.3 * GB }, { name: "uploads", bytes: 0.02 * GB, files: 3, removable: 0.02 * GB }] };

export const models: Model[] = [
  { id: "thimble", name: "Thimble", source: "built in", family: "sd1", resolution: 64, prediction: "epsilon", layout: "diffusers", bytes: 11_000_000, embedded: true, available: true, state: "ready", warnings: [] },
  { id: "m2", name: "Ink XL", source: "models/ink-xl.safetensors", family: "sdxl", resolution: 1024, prediction: "epsilon", layout: "single file", bytes: 6.9 * GB, embedded: false, available: true, state: "ready", warnings: [] },
  { id: "m3", name: "Anything 4", source: "/mnt/models/anything-v4", family: "sd1", resolution: 512, prediction: "epsilon", layout: "diffusers", bytes: 2.1 * GB, embedded: false, available: false, state: "missing", warnings: ["The folder is not there any more."] },
];

const set = (id: string, name: string, images: number, captioned: number, problems: number, minutes: number): Dataset =>
  ({ id, name, kind: "images", examples: 0, drafts: 0, created_at: ago(minutes), images, captioned, bytes: images * 820_000, problems, sample: false, mine: true, covers: [0, 1, 2, 3].map((n) => `${id}-${n}`) });
export const datasets: Dataset[] = [
  set("d1", "Mountain inns, 2,000 plates", 2000, 1640, 3, 30),
  set("d2", "水墨山水", 24, 24, 0, 1500),
  set("d3", "Kettle No. 4", 18, 3, 0, 9000),
];

const SIZES = [[1024, 1024], [832, 1216], [1216, 832], [640, 960]] as const;
const MOODS = ["morning haze", "first snow", "autumn light", "after rain"] as const;
const INK = ["山", "水", "松", "雾", "小桥", "飞鸟"] as const;
const captionOf = (dataset: Dataset, n: number) =>
  dataset.id === "d2" ? ["水墨", INK[n % 6], INK[(n * 5 + 2) % 6]].join(n % 2 ? "，" : ", ") : `an inn on a slope, ${MOODS[n % 4]}, plate ${n + 1}`;

export function makeImages(dataset: Dataset): Image[] {
  return Array.from({ length: dataset.images }, (_, n) => {
    const [width, height] = SIZES[n % SIZES.length] ?? [1024, 1024];
    return { id: `${dataset.id}-${n}`, name: `plate-${String(n + 1).padStart(4, "0")}.jpg`, width, height, bytes: 400_000 + ((n * 7919) % 900_000),
      caption: n < dataset.captioned ? captionOf(dataset, n) : null,
      author: ["person:mei", "engine:clip 1", "import", null][n % 4] ?? null, version: 1, repeats: n % 11 === 3 ? 3 : 1, held_out: n % 17 === 5, crop: null, mask: null, removed: false,
      thumbnail: `/api/images/${dataset.id}-${n}/thumbnail` };
  });
}

const run = (part: Partial<Run> & Pick<Run, "id" | "name" | "state">): Run => ({
  created_at: ago(40), started_at: ago(38), ended_at: null, dataset: { id: "d2", name: "水墨山水" }, base_model: "thimble", family: "sd1", preset: "quick-look",
  user: "mei", device: "cuda:0", priority: 0, position: null, starts_in_seconds: null, step: 0, total_steps: 600, loss: null, eta_seconds: null, eta_low_seconds: null,
  eta_high_seconds: null, stage: null, stage_done: 0, stage_total: 0, memory_bytes: null, peak_memory_bytes: null, step_seconds: null, error: null, attempts: 1,
  resumed_from: null, labels: [], worker: null, waits: null, tags: [], notes: "", sandbox: "bubblewrap", cover: null, last_seq: 0, lora: null, ...part,
} as Run);

export const runs: Run[] = [
  run({ id: "r1", name: "Ink landscapes", state: "running", step: 212, loss: 0.084, stage: "training", stage_done: 212, stage_total: 600, eta_seconds: 312, eta_low_seconds: 280, eta_high_seconds: 350, step_seconds: 0.8, memory_bytes: 5.1e9, peak_memory_bytes: 6.2e9, cover: "/api/images/r1/thumbnail", tags: ["ink"] }),
  run({ id: "r2", name: "Kettle, studio light", state: "queued", position: 1, starts_in_seconds: 340, started_at: null, dataset: { id: "d3", name: "Kettle No. 4" } }),
  run({ id: "r3", name: "Mountain inns v2", state: "finished", step: 600, ended_at: ago(200), loss: 0.061, cover: "/api/images/r3/thumbnail", lora: "l1" }),
  run({ id: "r4", name: "Mountain inns", state: "failed", step: 40, ended_at: ago(260), error: { code: "out_of_memory", message: "12.0 GB were needed at step 40, the card has 11.6 GB free.", hint: "Lower the batch size." } }),
];

export const presets: Preset[] = [];

// Which settings a newcomer may want; the rest is under "all settings". Only keys: the fields are the schema's.

export const BASIC: ReadonlySet<string> = new Set([
  "training.epochs",
  "training.steps",
  "training.batch_size",
  "dataset.resolution",
  "dataset.flip",
  "dataset.max_length",
  "dataset.system",
  "loss.train_on",
  "optimizer.learning_rate",
  "lora.rank",
  "lora.alpha",
  "lora.targets",
  "sample.prompts",
  "sample.every_steps",
  "checkpoints.every_steps",
  "validation.share",
]);

/** What the steps above ask for, and what the server fills in. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  "name", "base_model", "caption.trigger", "preset", "family", "dataset.path", "dataset.metadata_path",
]);

"""The flat YAML of lora-scripts: `train_data_dir`, `lora_rank`, ..., `logging_dir`; runs as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from loraloom.spec.importers.imported import Imported, put

NAME = "lora-scripts"
PRESET = "lora-scripts-classic"

KEYS: dict[str, str] = {
    "train_data_dir": "dataset.path",
    "metadata_path": "dataset.metadata_path",
    "base_model": "base_model",
    "lora_rank": "lora.rank",
    "lora_alpha": "lora.alpha",
    "lora_dropout": "lora.dropout",
    "batch_size": "training.batch_size",
    "epochs": "training.epochs",
    "learning_rate": "optimizer.learning_rate",
    "optimizer": "optimizer.name",
    "scheduler": "optimizer.scheduler",
    "save_steps": "checkpoints.every_steps",
    "logging_dir": "tensorboard_dir",
    "output_name": "name",
    "resolution": "dataset.resolution",
    "random_flip": "dataset.flip",
    "steps": "training.steps",
    "gradient_accumulation_steps": "training.accumulation",
    "gradient_checkpointing": "training.gradient_checkpointing",
    "mixed_precision": "training.precision",
    "max_grad_norm": "training.max_grad_norm",
    "seed": "training.seed",
    "device": "training.device",
    "text_encoder_lr": "optimizer.text_encoder_learning_rate",
    "train_text_encoder": "lora.text_encoder",
    "weight_decay": "optimizer.weight_decay",
    "warmup_steps": "optimizer.warmup",
    "min_snr_gamma": "loss.min_snr_gamma",
    "noise_offset": "loss.noise_offset",
    "trigger_word": "caption.trigger",
    "shuffle_caption": "caption.shuffle",
    "keep_tokens": "caption.keep_tokens",
    "sample_prompts": "sample.prompts",
}
"""The user's key -> Loom's. `output_dir` is not among them: it says where the run folder goes."""

ALIASES: dict[str, str] = {
    "pretrained_model_name_or_path": "base_model",
    "model_path": "base_model",
    "network_dim": "lora_rank",
    "rank": "lora_rank",
    "network_alpha": "lora_alpha",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "network_dropout": "lora_dropout",
    "train_batch_size": "batch_size",
    "max_train_epochs": "epochs",
    "num_train_epochs": "epochs",
    "num_epochs": "epochs",
    "max_train_steps": "steps",
    "lr": "learning_rate",
    "unet_lr": "learning_rate",
    "optimizer_type": "optimizer",
    "lr_scheduler": "scheduler",
    "lr_scheduler_type": "scheduler",
    "lr_warmup_steps": "warmup_steps",
    "warmup_ratio": "warmup_steps",
    "save_every_n_steps": "save_steps",
    "checkpointing_steps": "save_steps",
    "name": "output_name",
    "image_size": "resolution",
    "precision": "mixed_precision",
    "snr_gamma": "min_snr_gamma",
    "accumulation_steps": "gradient_accumulation_steps",
    "validation_prompt": "sample_prompts",
    "flip": "random_flip",
}
OPTIMIZERS: dict[str, str] = {
    "adam": "adamw",
    "adamw": "adamw",
    "adamw8bit": "adamw8bit",
    "pagedadamw8bit": "adamw8bit",
    "lion": "lion",
    "prodigy": "prodigy",
    "dadaptation": "prodigy",
    "dadaptadam": "prodigy",
    "adafactor": "adafactor",
    "adamwschedulefree": "adamw_schedulefree",
}
SCHEDULERS: dict[str, str] = {
    "constantwithwarmup": "constant",
    "constant": "constant",
    "linear": "linear",
    "cosine": "cosine",
    "cosineannealing": "cosine",
    "cosinewithrestarts": "cosine_with_restarts",
    "polynomial": "polynomial",
}
PRECISIONS: dict[str, str] = {"no": "fp32", "false": "fp32", "none": "fp32", "float16": "fp16", "bfloat16": "bf16"}
SIGNS = ("train_data_dir", "lora_rank", "lora_alpha", "logging_dir", "save_steps")


def recognises(config: Mapping[str, Any]) -> bool:
    """A flat mapping with keys that only lora-scripts has at the top."""
    return any(key in config for key in SIGNS)


def convert(config: Mapping[str, Any]) -> Imported:
    """Loom's config for `config`; what has no counterpart is listed in the notes."""
    out: dict[str, Any] = {}
    notes: list[str] = []
    origin: dict[str, str] = {}
    for written, value in config.items():
        key = ALIASES.get(written, written)
        if key == "output_dir" or value is None:
            continue
        if key not in KEYS:
            notes.append(f"`{written}: {value}` has no counterpart in Loom and was not carried over.")
            continue
        target = KEYS[key]
        if target in origin:
            notes.append(f"`{written}: {value}` was not carried over: `{origin[target]}` already says it.")
            continue
        value, note = CONVERT.get(key, _as_it_is)(value)
        if note:
            notes.append(note)
        if value is not None:
            put(out, target, value)
            origin[target] = written
    folder = config.get("output_dir")
    return Imported(NAME, out, PRESET, None if folder is None else str(folder), tuple(notes), origin)


def _as_it_is(value: Any) -> tuple[Any, str]:
    return value, ""


def _name(table: Mapping[str, str]) -> Callable[[Any], tuple[Any, str]]:
    def convert_name(value: Any) -> tuple[Any, str]:
        plain = re.sub(r"[^a-z0-9]", "", str(value).lower())
        return table.get(plain, value), ""

    return convert_name


def _optimizer(value: Any) -> tuple[Any, str]:
    name, _ = _name(OPTIMIZERS)(value)
    if str(value).lower() == "adam":
        return name, "`optimizer: Adam` became AdamW, which differs in how weights decay."
    if name == "prodigy" and "adapt" in str(value).lower():
        return (
            name,
            f"`optimizer: {value}` became Prodigy, its successor: it finds its own rate and wants learning_rate 1.",
        )
    return name, ""


def _resolution(value: Any) -> tuple[Any, str]:
    """`512`, `"512,512"`, `"512x768"` or `[512, 768]`: Loom has one number and buckets."""
    sides = [int(n) for n in re.findall(r"\d+", str(value))]
    if not sides or len(sides) > 2 or len(set(sides)) == 1:
        return (sides[0] if sides and len(sides) <= 2 else value), ""
    side = round((sides[0] * sides[1]) ** 0.5 / 8) * 8
    return (
        side,
        f"`resolution: {value}` became {side}, a square of the same area; buckets keep the aspect of each picture.",
    )


def _prompts(value: Any) -> tuple[Any, str]:
    return ([value] if isinstance(value, str) else value), ""


def _precision(value: Any) -> tuple[Any, str]:
    plain = str(value).lower()
    return PRECISIONS.get(plain, plain), ""


def _save_steps(value: Any) -> tuple[Any, str]:
    return (None if value in (0, "0", False) else value), ""


CONVERT: dict[str, Callable[[Any], tuple[Any, str]]] = {
    "optimizer": _optimizer,
    "scheduler": _name(SCHEDULERS),
    "mixed_precision": _precision,
    "resolution": _resolution,
    "sample_prompts": _prompts,
    "save_steps": _save_steps,
}

"""Builds the header metadata of a LoRA file: kohya's `ss_` keys and modelspec 1.0.1. Says nothing of captions unasked."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import datetime
from pathlib import PurePosixPath
from typing import NotRequired, TypedDict

from loraloom import __version__
from loraloom.data.names import safe_stem
from loraloom.models.prediction import Prediction
from loraloom.models.raw_file import split_saved, with_hashes
from loraloom.models.resolve import BaseModel
from loraloom.spec.dataset import Image, Plan
from loraloom.spec.run import ImageFamily, ImageRun, Lora

ARCHITECTURES: dict[tuple[ImageFamily, Prediction], str] = {
    ("sd1", "epsilon"): "stable-diffusion-v1/lora",
    ("sd1", "v_prediction"): "stable-diffusion-v1/lora",
    ("sd2", "epsilon"): "stable-diffusion-v2-512/lora",
    ("sd2", "v_prediction"): "stable-diffusion-v2-768-v/lora",
    ("sdxl", "epsilon"): "stable-diffusion-xl-v1-base/lora",
    ("sdxl", "v_prediction"): "stable-diffusion-xl-v1-base/lora",
}
VERSIONS: dict[tuple[ImageFamily, Prediction], str] = {
    ("sd1", "epsilon"): "sd_v1",
    ("sd1", "v_prediction"): "sd_v1_v",
    ("sd2", "epsilon"): "sd_v2",
    ("sd2", "v_prediction"): "sd_v2_v",
    ("sdxl", "epsilon"): "sdxl_base_v1-0",
    ("sdxl", "v_prediction"): "sdxl_base_v1-0",
}
IMPLEMENTATIONS: dict[ImageFamily, str] = {
    "sd1": "diffusers",
    "sd2": "diffusers",
    "sdxl": "https://github.com/Stability-AI/generative-models",
}


class LoraFacts(TypedDict):
    """What only the finished training knows."""

    base: BaseModel
    plan: Plan
    steps: int
    """Optimizer steps done."""
    prediction: NotRequired[Prediction]
    """What the loaded model predicts, where only its weights could tell."""
    started_at: NotRequired[datetime]
    finished_at: NotRequired[datetime]
    base_hash: NotRequired[str]
    """Hash of the base's single file (`raw_file.short_hash`), by which AUTOMATIC1111 names it."""


def written_alpha(lora: Lora) -> float:
    """Alpha to write so that alpha / rank is the scale that was trained: rsLoRA divides by the root of the rank."""
    return lora.alpha * math.sqrt(lora.rank) if lora.rslora else float(lora.alpha)


def kohya_metadata(run: ImageRun, facts: LoraFacts, saved: bytes) -> dict[str, str]:
    """Header metadata for the LoRA of `run`, all values strings. `saved` is the file without metadata, for its hashes.

    Captions (`ss_tag_frequency`) and folder names (`ss_dataset_dirs`) only with `export.include_captions`.
    """
    prediction = facts.get("prediction") or used_prediction(run, facts["base"])
    found = _required(run, prediction) | _settings(run, facts) | _modelspec(run, facts, prediction)
    if run.export.include_captions:
        found |= _captions(run, facts["plan"])
    return with_hashes(split_saved(saved), {key: value for key, value in found.items() if value != ""})


def used_prediction(run: ImageRun, base: BaseModel) -> Prediction:
    """What the LoRA was trained to predict: the config's word, then the base's, then what its family usually does."""
    if run.loss.prediction != "auto":
        return run.loss.prediction
    return base.prediction or "epsilon"


def _required(run: ImageRun, prediction: Prediction) -> dict[str, str]:
    lora = run.lora
    alpha = _number(written_alpha(lora))
    arguments: dict[str, str] = {}
    if lora.targets == "attention+ff+conv":
        arguments |= {"conv_dim": str(lora.rank), "conv_alpha": alpha}
    if lora.dora:
        arguments |= {"algo": "lora", "dora_wd": "True"}
    return {
        "ss_v2": str(run.family == "sd2"),
        "ss_base_model_version": VERSIONS[run.family, prediction],
        "ss_network_module": "lycoris.kohya" if lora.dora else "networks.lora",
        "ss_network_dim": str(lora.rank),
        "ss_network_alpha": alpha,
        "ss_network_args": _json(arguments),
    }


def _settings(run: ImageRun, facts: LoraFacts) -> dict[str, str]:
    training, optimizer, loss, plan = run.training, run.optimizer, run.loss, facts["plan"]
    text_rate = optimizer.text_encoder_learning_rate or optimizer.learning_rate
    epochs = str(math.ceil(plan.epochs))
    return {
        "ss_output_name": safe_stem(run.name),
        "ss_sd_model_name": model_name(facts["base"]),
        "ss_sd_model_hash": facts.get("base_hash", ""),
        "ss_resolution": f"({run.dataset.resolution}, {run.dataset.resolution})",
        "ss_enable_bucket": str(run.dataset.buckets),
        "ss_bucket_info": _bucket_info(plan),
        "ss_num_train_images": str(plan.samples),
        "ss_num_batches_per_epoch": str(plan.batches_per_epoch),
        "ss_num_epochs": epochs,
        "ss_epoch": epochs,
        "ss_steps": str(facts["steps"]),
        "ss_max_train_steps": str(plan.total_steps),
        "ss_total_batch_size": str(training.batch_size),
        "ss_gradient_accumulation_steps": str(training.accumulation),
        "ss_gradient_checkpointing": str(training.gradient_checkpointing),
        "ss_seed": str(training.seed),
        "ss_learning_rate": _number(optimizer.learning_rate),
        "ss_unet_lr": _number(optimizer.learning_rate) if run.lora.unet else "None",
        "ss_text_encoder_lr": _number(text_rate) if run.lora.text_encoder else "None",
        "ss_optimizer": optimizer.name,
        "ss_lr_scheduler": optimizer.scheduler,
        "ss_lr_warmup_steps": _number(optimizer.warmup),
        "ss_network_dropout": _number(run.lora.dropout) if run.lora.dropout else "",
        "ss_min_snr_gamma": _number(loss.min_snr_gamma) if loss.min_snr_gamma else "",
        "ss_noise_offset": _number(loss.noise_offset) if loss.noise_offset else "",
        "ss_zero_terminal_snr": str(loss.zero_terminal_snr),
        "ss_clip_skip": "None",
        "ss_training_started_at": _time(facts.get("started_at")),
        "ss_training_finished_at": _time(facts.get("finished_at")),
    }


def _modelspec(run: ImageRun, facts: LoraFacts, prediction: Prediction) -> dict[str, str]:
    export, side, trigger, date = run.export, run.dataset.resolution, trigger_phrase(run), facts.get("finished_at")
    values = {
        "sai_model_spec": "1.0.1",
        "architecture": ARCHITECTURES[run.family, prediction],
        "implementation": IMPLEMENTATIONS[run.family],
        "title": run.name,
        "resolution": f"{side}x{side}",
        "description": export.description,
        "author": export.author,
        "date": date.replace(microsecond=0).isoformat() if date else "",
        "license": export.license,
        "trigger_phrase": trigger,
        "usage_hint": f"Trigger: {trigger}" if trigger else "",
        "prediction_type": "v" if prediction == "v_prediction" else "epsilon",
        "implementation_version": f"loraloom/{__version__}",
    }
    return {f"modelspec.{key}": value for key, value in values.items()}


def _captions(run: ImageRun, plan: Plan) -> dict[str, str]:
    folders: dict[str, dict[str, int]] = {}
    tags: dict[str, Counter[str]] = {}
    for image in plan.images:
        name = _folder(run, image)
        folder = folders.setdefault(name, {"n_repeats": image.repeats, "img_count": 0})
        folder["img_count"] += 1
        words = (image.captions[0] if image.captions else "").split(run.caption.separator)
        tags.setdefault(name, Counter()).update(word.strip() for word in words if word.strip())
    return {"ss_dataset_dirs": _json(folders), "ss_tag_frequency": _json(tags)}


def _folder(run: ImageRun, image: Image) -> str:
    """Folder of a picture: the first one inside the data set (kohya's `10_cat`), else the data set's own name."""
    parts = PurePosixPath(image.name).parts
    return parts[0] if len(parts) > 1 else PurePosixPath(run.dataset.path.replace("\\", "/")).stem


def model_name(base: BaseModel) -> str:
    """What `ss_sd_model_name` calls the base: file name, folder name, hub id; never a path."""
    return base.path.name if base.layout == "single_file" and base.path else base.name


def trigger_phrase(run: ImageRun) -> str:
    """Words that call the LoRA: `export.trigger_phrase`, else the trigger word of the captions; may be empty."""
    return run.export.trigger_phrase or run.caption.trigger


def _bucket_info(plan: Plan) -> str:
    listed = {
        str(n): {"resolution": [bucket.width, bucket.height], "count": bucket.samples}
        for n, bucket in enumerate(plan.buckets)
    }
    return _json({"buckets": listed})


def _time(moment: datetime | None) -> str:
    return str(moment.timestamp()) if moment else ""


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

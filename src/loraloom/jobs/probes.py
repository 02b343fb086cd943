"""Measurements that were taken, kept in `probes.json` of the data home: good until the device, its driver, torch, the base
model or what is computed changes."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from pydantic import ValidationError

from loraloom.data.home import home
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.language.measured import measured_size
from loraloom.forecast.language.size import size_of as text_size
from loraloom.forecast.model import AnyPlan
from loraloom.jobs import hardware
from loraloom.models.resolve import resolve
from loraloom.spec.dataset import Bucket, Plan
from loraloom.spec.forecast import Measured
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

FILE = "probes.json"
MOST, DAYS = 200, 30
IGNORED = {
    "": ("name", "export", "checkpoints", "validation", "tensorboard_dir", "loss"),
    "dataset": ("path", "metadata_path", "repeats", "min_side", "background", "upscale", "system"),
    "training": ("steps", "epochs", "seed", "device", "lower_resolution", "max_grad_norm"),
    "optimizer": (
        "learning_rate",
        "text_encoder_learning_rate",
        "weight_decay",
        "betas",
        "scheduler",
        "warmup",
        "restarts",
        "power",
    ),
    "sample": ("every_steps", "seed", "negative_prompt", "temperature"),
    "caption": ("trigger", "prefix", "suffix"),
}
"""Settings that neither the time of a step nor its memory depends on."""


def remembered(run: Run, plan: AnyPlan, device: DeviceFacts) -> Measured | None:
    """What was measured for such a run on this device, if it still holds."""
    entry = _read().get(_key(run, plan, device))
    if entry is None or time.time() - entry["time"] > DAYS * 86400:
        return None
    try:
        return Measured.model_validate(entry["measured"])
    except ValidationError:  # of another version
        return None


def remember(run: Run, plan: AnyPlan, device: DeviceFacts, measured: Measured) -> None:
    """Keep a measurement. Safe from several processes."""
    from filelock import FileLock

    file = home() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        known = _read()
        known[_key(run, plan, device)] = {"time": time.time(), "measured": measured.model_dump(mode="json")}
        newest = sorted(known.items(), key=lambda item: item[1]["time"])[-MOST:]
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(dict(newest)), "utf-8")
        beside.replace(file)


def _read() -> dict[str, Any]:
    try:
        return json.loads((home() / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _key(run: Run, plan: AnyPlan, device: DeviceFacts) -> str:
    """Device, driver, torch, base with the time of its files, largest bucket, and every setting that counts."""
    config: dict[str, Any] = run.model_dump(mode="json")
    for group, names in IGNORED.items():
        place = config.get(group, {}) if group else config
        for name in names:
            place.pop(name, None)
    config["sample"]["prompts"] = len(run.sample.prompts)
    base = resolve(run.base_model).path
    stamp = base.stat().st_mtime_ns if base is not None else 0
    parts = [device.name, hardware.driver(), hardware.version("torch"), stamp, _largest(run, plan), config]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _largest(run: Run, plan: AnyPlan) -> list[int]:
    """What is measured: full batches of the largest bucket, or the fullest batch of texts."""
    if isinstance(plan, Plan):
        return list(max(_full(bucket, plan.batch_size) for bucket in plan.buckets))
    assert isinstance(run, TextRun)
    size = measured_size(text_size(plan, run), run)
    return [*size.lengths, *size.trained, size.repeats, plan.preference]


def _full(bucket: Bucket, batch: int) -> tuple[int, ...]:
    return bucket.width * bucket.height, bucket.width, bucket.height, min(bucket.samples, batch)

"""Why "fit to this machine" changes a setting: one sentence each, with its numbers."""

from __future__ import annotations

from typing import Any

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.ladder import at_once, value_of
from loraloom.spec.forecast import SettingChange
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

_SENTENCES = {
    "precision_fast": "{new} is what is fast on this device: {after} instead of {before}.",
    "precision_cuda": "fp16 trains on CUDA alone; {new} takes {after}.",
    "optimizer_8bit": "8-bit AdamW learns the same with a quarter of the state: {after} instead of {before}.",
    "optimizer_small": "{new} keeps next to no state: {after} instead of {before}.",
    "micro_batch_lowered": "{new} of {batch} pictures at once: {after} instead of {before}. The batch stays what it is.",
    "micro_batch_off": "All {batch} pictures of a batch fit at once: {after} of {free}, and steps are faster.",
    "checkpointing_on": "Activations are computed twice, not kept: {after} instead of {before}, steps about 45 % slower.",
    "checkpointing_off": "There is room to keep activations: {after} of {free}, and steps take about a third less time.",
    "cache_disk": "Latents and embeddings wait on the disk: {after} instead of {before}.",
    "resolution_lowered": "{new} pixels, as this run allows: {after} instead of {before}.",
    "samples_smaller": "Samples of {new} pixels: drawing took more memory than training, {after} instead of {before}.",
    "samples_none": "No samples: not even small ones can be drawn beside the training.",
    "texts_at_once": "{new} of {batch} texts at once: {after} instead of {before}. The batch stays what it is.",
    "texts_together": "All {batch} texts of a batch fit at once: {after} of {free}, and steps are faster.",
    "quantised": "The frozen base as {new}: {after} instead of {before}, and steps are a little slower.",
    "answers_none": "No sample answers: they do not fit beside the training.",
}
_OF_TEXTS = {
    "micro_batch_lowered": "texts_at_once",
    "micro_batch_off": "texts_together",
    "samples_none": "answers_none",
}


def said(run: Run, device: DeviceFacts, key: str, new: Any, before: int, after: int) -> SettingChange:
    """The change of `key` to `new`; `before` and `after` are the peaks without and with it, in bytes."""
    old = value_of(run, key)
    code = _code(run, device, key, new)
    if isinstance(run, TextRun):
        code = _OF_TEXTS.get(code, code)
    values = {
        "new": new,
        "batch": run.training.batch_size,
        "before": before,
        "after": after,
        "free": device.memory_free,
    }
    shown = values | {name: _gigabytes(values[name]) for name in ("before", "after", "free")}
    return SettingChange(
        key=key, old=old, new=new, code=code, message=_SENTENCES[code].format_map(shown), values=values
    )


def _code(run: Run, device: DeviceFacts, key: str, new: Any) -> str:
    match key:
        case "training.precision":
            if run.training.precision == "fp16" and device.kind != "cuda":
                return "precision_cuda"
            return "precision_fast"
        case "optimizer.name":
            return "optimizer_8bit" if new == "adamw8bit" else "optimizer_small"
        case "training.micro_batch":
            return "micro_batch_off" if new is None or new > at_once(run) else "micro_batch_lowered"
        case "training.gradient_checkpointing":
            return "checkpointing_on" if new else "checkpointing_off"
        case "training.cache":
            return "cache_disk"
        case "dataset.resolution":
            return "resolution_lowered"
        case "training.quantization":
            return "quantised"
        case "sample.prompts":
            return "samples_none"
        case _:
            return "samples_smaller"


def _gigabytes(size: Any) -> str:
    return f"{size / 1e9:.1f} GB"

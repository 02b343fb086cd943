"""Runs on texts that what presets need is reckoned for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loraloom.forecast.language.size import TextSize
from loraloom.models.text_shape import TextShape, usual_text_shape
from loraloom.spec.text import TextRun

TEXTS, LEARNED = 200, 120
LENGTHS = (96, 160, 256, 448)
"""Tokens of conversations with a question and an answer of a paragraph or a page, as many of each."""


def usual() -> TextShape:
    """A base of the size that small cards train."""
    return usual_text_shape("llama-1b")


def run_of(settings: Mapping[str, Any]) -> TextRun:
    """The run of a preset's settings. Raises pydantic's ValidationError."""
    dataset = {"path": "texts"} | settings.get("dataset", {})
    return TextRun.model_validate({**settings, "family": "causal_lm", "dataset": dataset})


def size_of(run: TextRun) -> TextSize:
    """Of 200 conversations."""
    training = run.training
    per_epoch = math.ceil(TEXTS * run.dataset.repeats / training.batch_size)
    batches = per_epoch * (training.epochs or 1) if training.steps is None else training.steps * training.accumulation
    return TextSize(
        steps=math.ceil(batches / training.accumulation),
        batches=batches,
        repeats=run.dataset.repeats,
        lengths=tuple(min(LENGTHS[i % len(LENGTHS)], run.dataset.max_length) for i in range(TEXTS)),
        trained=(LEARNED,) * TEXTS,
        held_out=(),
        preference=False,
        seed=training.seed,
    )

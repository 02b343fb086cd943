"""What a preset needs: whether it fits cards of six sizes and a computer without one, and what changes there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.fit import fit
from loraloom.forecast.language import needs as of_texts
from loraloom.forecast.memory import PlanSize
from loraloom.forecast.model import AnySize, memory
from loraloom.forecast.room import Room
from loraloom.models.shape import AnyShape, usual_shape
from loraloom.spec.forecast import SettingChange
from loraloom.spec.run import NATIVE_RESOLUTION, RUN, Family, ImageFamily, ImageRun, Run

GIB = 1 << 30
CLASSES = (6, 8, 12, 16, 24, 48)
"""Memory of cards in GiB, as it is printed on their boxes."""
TAKEN = 3 * GIB // 4
"""Of a card by the driver and a desktop that it shows."""
COMPUTER, COMPUTER_FREE = 16 * GIB, 12 * GIB
"""A usual computer without a card, and what other programs leave of it."""
PICTURES = 20


@dataclass(frozen=True)
class Need:
    """One class: `gigabytes` of a card's memory, None for a computer without one. `peak_bytes` is with `changes`."""

    gigabytes: int | None
    fits: bool
    peak_bytes: int
    changes: tuple[SettingChange, ...]


def needs(settings: Mapping[str, Any], family: Family, shape: AnyShape | None = None) -> tuple[Need, ...]:
    """What the `settings` of a preset become with "fit to this machine" on each of `CLASSES` and on a CPU, by the model, for
    20 square pictures, or 200 texts. `shape` is the base's; None: the family's usual one, of language models one of 1 B.
    8-bit AdamW, an extra, is not counted on.

    Raises pydantic's ValidationError for settings that make no run.
    """
    usual = of_texts.usual() if family == "causal_lm" else usual_shape(family)
    return _needs(json.dumps(settings, sort_keys=True), family, shape or usual)


@lru_cache(maxsize=256)
def _needs(settings: str, family: Family, shape: AnyShape) -> tuple[Need, ...]:
    if family == "causal_lm":
        run: Run = of_texts.run_of(json.loads(settings))
        plan: AnySize = of_texts.size_of(run)
    else:
        run = _run(json.loads(settings), family)
        plan = _plan(run)
    return tuple(_need(run, shape, plan, size) for size in (*CLASSES, None))


def _need(run: Run, shape: AnyShape, plan: AnySize, size: int | None) -> Need:
    device = _card(size) if size else _computer()
    _, fitted = fit(run, shape, plan, device, eight_bit=False)
    changes = {change.key: change.new for change in fitted.changes}
    peak = Room(run, shape, plan, device, memory).peak(changes)
    return Need(size, fitted.fits, peak.bytes, fitted.changes)


def _run(settings: dict[str, Any], family: ImageFamily) -> ImageRun:
    dataset = {"path": "pictures", "resolution": NATIVE_RESOLUTION[family]} | settings.get("dataset", {})
    return RUN.validate_python({**settings, "family": family, "dataset": dataset})  # pyright: ignore[reportReturnType]


def _plan(run: ImageRun) -> PlanSize:
    """Of 20 square pictures with a caption each."""
    training, side = run.training, run.dataset.resolution
    batches = math.ceil(PICTURES / training.batch_size) * (training.epochs or 1)
    crops = run.dataset.crop_variants if run.dataset.crop == "random" else 1
    return PlanSize(
        steps=training.steps or math.ceil(batches / training.accumulation),
        largest=(side, side),
        mean_pixels=float(side * side),
        latents=PICTURES * crops * (2 if run.dataset.flip else 1),
        captions=PICTURES,
    )


def _card(size: int) -> DeviceFacts:
    """A card of the last years: bf16 is fast on all of them since Ampere (2020)."""
    total = size * GIB
    return DeviceFacts(f"{size} GB", f"{size} GB", "cuda", total, total - TAKEN, ("fp32", "bf16", "fp16"))


def _computer() -> DeviceFacts:
    return DeviceFacts("cpu", "cpu", "cpu", COMPUTER, COMPUTER_FREE, ("fp32",), threads=8)

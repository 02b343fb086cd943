"""The rungs of a run on texts. Their length stays: what is cut away cannot be learned."""

from __future__ import annotations

from collections.abc import Iterator

from loraloom.forecast.rungs import Rung, checkpointing, has_eight_bit, micro_batch, optimizer, samples
from loraloom.spec.event import Stage
from loraloom.spec.text import TextRun

LOWER = {"none": "int8", "int8": "nf4"}


def rungs(
    run: TextRun, device_kind: str, stage: Stage, hard: bool, eight_bit: bool | None
) -> tuple[Iterator[Rung], ...]:
    """Those that help `stage`, the least loss first."""
    quantised = _quantization(run, device_kind, eight_bit)
    match stage:
        case "training":
            return micro_batch(run, hard), checkpointing(run), optimizer(run, device_kind, eight_bit), quantised
        case "loading":
            return (quantised,)
        case "sampling":
            return samples(run), quantised
        case _:
            return ()


def _quantization(run: TextRun, device_kind: str, eight_bit: bool | None) -> Iterator[Rung]:
    """The frozen base in 8 bits, then in 4."""
    there = has_eight_bit() if eight_bit is None else eight_bit
    if device_kind == "cuda" and there and (lower := LOWER.get(run.training.quantization)):
        yield "training.quantization", run.training.quantization, lower

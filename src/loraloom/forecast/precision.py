"""In which number format a run keeps its frozen base."""

from __future__ import annotations

from loraloom.forecast.facts import DeviceFacts
from loraloom.models.shape import AnyShape
from loraloom.spec.run import Run

SMALL_MODEL_BYTES = 400_000_000
"""As in `train.device`: below this bf16 gains nothing on a CPU."""


def precision_of(run: Run, shape: AnyShape, device: DeviceFacts) -> str:
    """`fp32`, `bf16` or `fp16`: the number format of the frozen base, as `train.device.choose_dtype` chooses it."""
    if run.training.precision != "auto":
        return run.training.precision
    if device.kind == "cuda":
        return "bf16" if "bf16" in device.dtypes else "fp16"
    small = shape.disk_bytes <= SMALL_MODEL_BYTES
    return "bf16" if device.kind == "cpu" and not small and "bf16" in device.dtypes else "fp32"

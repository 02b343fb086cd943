"""What the forecasts' regressions take for likely before any run has told: standard deviations of the logarithm.

What the model may be off by as a whole, by family and base, and by each feature. A step's time bends along the work of one
call, as what each call costs besides weighs less in a large one. Memory is off by an addend (what the program itself holds)
as well as by a factor: hence its feature `gigabyte_share`. They are wide: a few runs outweigh them.
"""

from __future__ import annotations

from loraloom.forecast.regression import Kernel

_NUMBERS = {"bf16": 0.3, "fp16": 0.3}
_STEP = {
    **_NUMBERS,
    "log_expected": 0.1,
    "log_micro": 0.1,
    "log_calls": 0.1,
    "log_pixels": 0.1,
    "log_rank": 0.08,
    "feed_forward": 0.1,
    "convolutions": 0.15,
    "dora": 0.3,
    "checkpointing": 0.2,
    "text_encoder": 0.25,
    "other_optimizer": 0.1,
}
_FILES = {"log_expected": 0.2}
_CACHED = _FILES | _NUMBERS | {"log_pixels": 0.15, "log_latents": 0.1, "disk_cache": 0.1}
_DRAWN = _FILES | _NUMBERS | {"log_prompts": 0.1, "log_pixels": 0.1}
_PROVED = _FILES | {"log_rank": 0.15, "log_micro": 0.15, "log_pixels": 0.15}  # the file is tried on a batch
_PEAK = {
    "log_expected": 0.03,
    "gigabyte_share": 0.15,
    "log_micro": 0.03,
    "log_pixels": 0.03,
    "log_rank": 0.02,
    "dora": 0.15,
    "checkpointing": 0.06,
    "text_encoder": 0.05,
    "convolutions": 0.03,
    "bf16": 0.06,
    "fp16": 0.06,
}
KERNELS = {
    "loading": Kernel(0.8, 0.15, (0.2, 0.4), _FILES, drift=0.1, near=0.1),
    "caching": Kernel(0.8, 0.12, (0.2, 0.3), _CACHED, drift=0.1, near=0.15),
    "step": Kernel(0.8, 0.06, (0.15, 0.25), _STEP, ("log_call", 0.3, 1.5), near=0.15, drift=0.15),
    "sampling": Kernel(0.8, 0.1, (0.2, 0.3), _DRAWN, near=0.15, drift=0.15),
    "exporting": Kernel(0.8, 0.2, (0.2, 0.3), _PROVED, near=0.1, drift=0.1),
    "peak_memory_bytes": Kernel(0.2, 0.02, (0.03, 0.05), _PEAK, near=0.04, drift=0.01),
}

"""What regressions take for likely before any run on texts has told: as `forecast.kernels`, with what texts have."""

from __future__ import annotations

from loraloom.forecast.regression import Kernel

_NUMBERS = {"bf16": 0.3, "fp16": 0.3}
_STEP = {
    **_NUMBERS,
    "log_expected": 0.1,
    "log_micro": 0.1,
    "log_calls": 0.1,
    "log_tokens": 0.1,
    "log_rank": 0.08,
    "more_attention": 0.1,
    "feed_forward": 0.15,
    "dropout": 0.1,
    "dora": 0.3,
    "preference": 0.15,
    "quantised": 0.3,
    "checkpointing": 0.2,
    "other_optimizer": 0.1,
}
_FILES = {"log_expected": 0.2}
_ANSWERED = _FILES | _NUMBERS | {"log_prompts": 0.1}
_PROVED = _FILES | {"log_rank": 0.15, "log_tokens": 0.15}
_PEAK = {
    "log_expected": 0.03,
    "gigabyte_share": 0.15,
    "log_micro": 0.03,
    "log_tokens": 0.03,
    "log_rank": 0.02,
    "feed_forward": 0.03,
    "dora": 0.15,
    "quantised": 0.15,
    "checkpointing": 0.06,
    "bf16": 0.06,
    "fp16": 0.06,
}
KERNELS = {
    "loading": Kernel(0.8, 0.15, (0.2, 0.4), _FILES, drift=0.1, near=0.1),
    "caching": Kernel(0.8, 0.12, (0.2, 0.3), _FILES),
    "step": Kernel(0.8, 0.06, (0.15, 0.25), _STEP, ("log_call", 0.3, 1.5), near=0.15, drift=0.15),
    "sampling": Kernel(0.8, 0.25, (0.2, 0.3), _ANSWERED, near=0.15, drift=0.15),
    "exporting": Kernel(0.8, 0.2, (0.2, 0.3), _PROVED, near=0.1, drift=0.1),
    "peak_memory_bytes": Kernel(0.2, 0.02, (0.03, 0.05), _PEAK, near=0.04, drift=0.01),
}

"""What forecasts of runs on texts learn from."""

from __future__ import annotations

import math

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.language.size import TextSize, calls, items_at_once
from loraloom.forecast.precision import precision_of
from loraloom.models.text_shape import TextShape
from loraloom.spec.text import TextRun


def features(run: TextRun, shape: TextShape, size: TextSize, device: DeviceFacts) -> dict[str, float]:
    """What time and memory depend on beyond what the model expects: natural logarithms of counts, and 0 or 1."""
    training, lora = run.training, run.lora
    precision = precision_of(run, shape, device)
    counts: dict[str, float] = {
        "batch": training.batch_size,
        "micro": items_at_once(run, size),
        "calls": training.accumulation * calls(run, size),
        "tokens": sum(size.lengths) / len(size.lengths),
        "rank": lora.rank,
        "prompts": len(run.sample.prompts),
    }
    switches: dict[str, bool] = {
        "checkpointing": training.gradient_checkpointing,
        "more_attention": lora.targets != "query+value",
        "feed_forward": lora.targets == "all-linear",
        "dropout": lora.dropout > 0,
        "dora": lora.dora,
        "preference": size.preference,
        "quantised": training.quantization != "none",
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
        "other_optimizer": run.optimizer.name != "adamw",
    }
    logs = {f"log_{name}": math.log(max(count, 1.0)) for name, count in counts.items()}
    return logs | {name: float(on) for name, on in switches.items()}

"""What forecasts of runs on pictures learn from."""

from __future__ import annotations

import math

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.memory import PlanSize, batch_of
from loraloom.forecast.precision import precision_of
from loraloom.models.shape import Shape
from loraloom.spec.run import ImageRun


def features(run: ImageRun, shape: Shape, plan: PlanSize, device: DeviceFacts) -> dict[str, float]:
    """What time and memory depend on beyond what the model expects: natural logarithms of counts, and 0 or 1."""
    training, lora = run.training, run.lora
    micro = batch_of(run, plan)
    precision = precision_of(run, shape, device)
    counts: dict[str, float] = {
        "batch": training.batch_size,
        "micro": micro,
        "calls": training.accumulation * math.ceil(training.batch_size / micro / training.processes),
        "pixels": plan.mean_pixels,
        "rank": lora.rank,
        "latents": plan.latents,
        "prompts": len(run.sample.prompts),
    }
    switches: dict[str, bool] = {
        "checkpointing": training.gradient_checkpointing,
        "text_encoder": lora.text_encoder,
        "feed_forward": lora.targets != "attention",
        "convolutions": lora.targets == "attention+ff+conv",
        "dora": lora.dora,
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
        "other_optimizer": run.optimizer.name != "adamw",
        "disk_cache": training.cache == "disk",
    }
    logs = {f"log_{name}": math.log(max(count, 1.0)) for name, count in counts.items()}
    return logs | {name: float(on) for name, on in switches.items()}

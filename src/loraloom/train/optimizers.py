"""Optimizers and learning-rate schedules by name, each from a kept library."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import torch

from loraloom.spec.common import Pace
from loraloom.spec.errors import LoomError


def create_optimizer(config: Pace, groups: list[dict[str, Any]], device: torch.device) -> Any:
    """The optimizer over parameter `groups` (each with its own `lr`). Raises LoomError `extra_missing`."""
    common: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    match config.name:
        case "adamw":
            return torch.optim.AdamW(groups, betas=config.betas, fused=device.type in ("cpu", "cuda"), **common)
        case "adafactor":
            # torch's own scales each step by the size of the weight it moves: a LoRA's B, which begins at zero, stays there
            from transformers.optimization import Adafactor

            return Adafactor(groups, scale_parameter=False, relative_step=False, **common)
        case "adamw8bit":
            if device.type != "cuda":
                raise LoomError(
                    "device_unavailable",
                    f"adamw8bit needs CUDA; this run uses {device.type}.",
                    "Set optimizer.name to adamw (or adafactor to save memory).",
                )
            return _bitsandbytes().AdamW8bit(groups, betas=config.betas, **common)
        case "prodigy":
            from prodigyopt import Prodigy

            return Prodigy(groups, betas=config.betas, safeguard_warmup=True, use_bias_correction=True, **common)
        case "lion":
            from lion_pytorch import Lion

            return Lion(groups, betas=(0.9, 0.99), **common)
        case "adamw_schedulefree":
            from schedulefree import AdamWScheduleFree

            return AdamWScheduleFree(groups, betas=config.betas, **common)


def _bitsandbytes() -> Any:
    try:
        return import_module("bitsandbytes.optim")
    except ImportError as error:
        raise LoomError(
            "extra_missing", "adamw8bit needs the package bitsandbytes.", "Install it with: pip install 'loraloom[gpu]'"
        ) from error


def create_scheduler(config: Pace, optimizer: Any, total_steps: int) -> Any:
    """The learning rate's course over `total_steps`. Schedule-free needs none: constant after the warm-up."""
    from diffusers.optimization import get_scheduler

    warmup = config.warmup if config.warmup >= 1 else config.warmup * total_steps
    name: str = "constant" if config.name == "adamw_schedulefree" else config.scheduler
    if name == "constant" and warmup:
        name = "constant_with_warmup"
    return get_scheduler(
        name,
        optimizer,
        num_warmup_steps=math.ceil(warmup),
        num_training_steps=total_steps,
        num_cycles=config.restarts,
        power=config.power,
    )

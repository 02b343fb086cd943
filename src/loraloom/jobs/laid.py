"""A measurement laid out: data in its folder, and the config to train it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loraloom.spec.run import RUN, Run

STEPS = 5
"""Optimizer steps that are taken; the first warms up and does not count."""


@dataclass(frozen=True)
class Laid:
    """`sampling_steps`: denoising steps of a sample, or tokens of an answer. `pixels` of each picture."""

    config: dict[str, Any]
    sampling_steps: int
    pixels: float | None = None


def short(run: Run, steps: int, dataset: Mapping[str, Any], sample: Mapping[str, Any]) -> dict[str, Any]:
    """The config of `run` for `steps` steps and nothing beside them, with `dataset` and `sample` laid over it."""
    config: dict[str, Any] = run.model_dump(mode="json")
    config["dataset"] |= dataset
    config["training"] |= {"steps": steps, "epochs": None}
    config["sample"] |= {"every_steps": None, **sample}
    config["checkpoints"] |= {"every_steps": None, "every_minutes": None}
    config["validation"] |= {"share": 0.0}
    config["tensorboard_dir"] = None
    return RUN.validate_python(config).model_dump(mode="json")

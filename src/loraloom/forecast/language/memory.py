"""What a run on texts holds in memory, stage by stage and part by part, reckoned from the base's shape and the config.

What autograd keeps follows `forecast.language.walk`, which `tests/recipe/test_saved_text_activations.py` compares with the
models themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loraloom.forecast import besides
from loraloom.forecast.besides import MIB, STAYS
from loraloom.forecast.facts import DeviceFacts, Kind
from loraloom.forecast.language import passes
from loraloom.forecast.language.lora import adapted
from loraloom.forecast.language.size import TextSize, fullest, items_at_once
from loraloom.forecast.lora import FP32, parameters, state_bytes
from loraloom.forecast.passes import WIDTHS, Passed
from loraloom.forecast.precision import precision_of
from loraloom.forecast.tape import Texts
from loraloom.models.text_shape import TextShape
from loraloom.spec.event import Stage
from loraloom.spec.forecast import Part, StageMemory
from loraloom.spec.text import TextRun

RUNTIME: dict[Kind, int] = {"cpu": 470 * MIB, "cuda": 450 * MIB, "mps": 450 * MIB}
"""Python with torch, transformers and peft (resident, measured); a card's context and kernels."""
TOKEN = 5
"""Bytes of a token that waits: its number, and whether it is learned."""


def memory(run: TextRun, shape: TextShape, size: TextSize, device: DeviceFacts) -> tuple[StageMemory, ...]:
    """Bytes of the stages loading, training, sampling and exporting, each at its highest: as `forecast.memory.memory`."""
    model = _Model(run, shape, size, device)
    parts: dict[Stage, dict[Part, int]] = {
        "loading": model.loading(),
        "training": model.training(),
        "sampling": model.sampling(),
        "exporting": model.exporting(),
    }
    return tuple(
        StageMemory(stage=stage, parts={part: max(0, int(held)) for part, held in some.items()})
        for stage, some in parts.items()
    )


@dataclass(frozen=True)
class _Model:
    run: TextRun
    shape: TextShape
    size: TextSize
    device: DeviceFacts

    @cached_property
    def precision(self) -> str:
        return precision_of(self.run, self.shape, self.device)

    @property
    def here(self) -> bool:
        """One memory for everything."""
        return self.device.kind != "cuda"

    @cached_property
    def base(self) -> int:
        return passes.weights(self.shape, self.precision, self.run.training.quantization)

    @cached_property
    def count(self) -> int:
        return parameters(adapted(self.shape, self.run.lora), self.run.lora)

    @cached_property
    def state(self) -> int:
        return state_bytes(adapted(self.shape, self.run.lora), self.run)

    @cached_property
    def at(self) -> Texts:
        """The fullest row."""
        return fullest(self.size, self.run.training.batch_size, items_at_once(self.run, self.size))

    @cached_property
    def passed(self) -> Passed:
        checkpointing = self.run.training.gradient_checkpointing
        return passes.training(self.shape, self.run.lora, self.at, self.precision, checkpointing, not self.here)

    def unpacked(self) -> int:
        """Of a quantised base, the largest layer's weights as they are multiplied."""
        if self.run.training.quantization == "none":
            return 0
        return self.shape.hidden * self.shape.inner * WIDTHS[self.precision]

    def loading(self) -> dict[Part, int]:
        """Weights are mapped from their files; where the number format differs, file and copy are there at once."""
        runtime = RUNTIME[self.device.kind]
        if not self.here:
            return {"runtime": runtime, "base": self.base}
        converted = WIDTHS[self.precision] != WIDTHS[self.shape.stored]
        return {"runtime": runtime, "base": self.base, "working": self.shape.file_bytes if converted else 0}

    def training(self) -> dict[Part, int]:
        passed, every = self.passed, self.run.checkpoints.every_steps
        written = self.written() if self.here and every and every < self.size.steps else 0  # while training goes on
        working = passed.working + self.unpacked()
        return {
            **self._lasting(),
            "gradients": self.count * FP32,
            "activations": passed.kept,
            "working": working + written,
            "slack": besides.slack(self.device.kind, working, passed.kept),
        }

    def sampling(self) -> dict[Part, int]:
        """One answer at a time, with the keys and values of all that was said."""
        run = self.run
        if not run.sample.prompts:
            return {}
        tokens = run.sample.max_tokens + max(
            len(prompt) for prompt in run.sample.prompts
        )  # a token is a letter at least
        working = passes.remembered(self.shape, tokens, self.precision) + 2 * self.shape.vocabulary * FP32
        held = self._lasting()
        if run.optimizer.name == "adamw_schedulefree":
            held["optimizer"] += self.count * FP32  # the weights in training, put aside
        training = self.training()
        stays = int(STAYS * sum(training[part] for part in ("gradients", "activations", "working", "slack")))
        return {**held, "working": working, "slack": stays if self.here else besides.slack("cuda", working)}

    def exporting(self) -> dict[Part, int]:
        """The last checkpoint is written, while the model waits."""
        if not self.here:
            return {}
        training = self.training()
        stays = int(STAYS * sum(training[part] for part in ("gradients", "activations", "slack")))
        return {**self._lasting(), "working": self.written(), "slack": stays}

    def written(self) -> int:
        """A checkpoint on its way to the disk."""
        ema = self.count * FP32 if self.run.training.ema else 0
        return besides.written(self.count * FP32, self.state + ema)

    def _lasting(self) -> dict[Part, int]:
        """What is there from the first step to the last."""
        ema = self.count * FP32 if self.run.training.ema else 0
        return {
            "runtime": RUNTIME[self.device.kind],
            "base": self.base,
            "adapter": self.count * FP32 + ema,
            "optimizer": self.state,
            "cache": TOKEN * (sum(self.size.lengths) + sum(self.size.held_out)) if self.here else 0,
        }

"""How long a run on texts takes, reckoned from the arithmetic of its tokens and the device's throughput: rough, but it
knows what costs more. Finished runs on the device correct the level (`forecast.history`)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.language import passes
from loraloom.forecast.language.counts import rounds
from loraloom.forecast.language.size import TextSize, calls, items_at_once, middling
from loraloom.forecast.precision import precision_of
from loraloom.forecast.tape import Texts
from loraloom.forecast.work import LOAD_BYTES, START, WRITE, rates
from loraloom.models.text_shape import TextShape
from loraloom.spec.text import TextRun

TOKENS = 150_000
"""Tokens that are made of letters a second."""
ANSWERED = 0.7
"""Part of `sample.max_tokens` that the middle answer has."""
QUANTISED = 1.3
"""What unpacking a quantised base costs: a step of QLoRA takes about a third longer than one of LoRA (arXiv:2305.14314)."""


def expected(run: TextRun, shape: TextShape, size: TextSize, device: DeviceFacts) -> dict[str, float]:
    """Seconds by stage, and `step`: of the mean optimizer step. Texts are encoded while loading."""
    return _Clock(run, shape, size, device).stages()


def call_seconds(run: TextRun, shape: TextShape, device: DeviceFacts, at: Texts) -> float:
    """Seconds there and back of the texts in `at`."""
    checkpointing, precision = run.training.gradient_checkpointing, precision_of(run, shape, device)
    passed = passes.training(shape, run.lora, at, precision, checkpointing, device.kind == "cuda")
    one = rates(device, precision).there_and_back(passed, checkpointing)
    return one * (QUANTISED if run.training.quantization != "none" else 1.0)


@dataclass(frozen=True)
class _Clock:
    run: TextRun
    shape: TextShape
    size: TextSize
    device: DeviceFacts

    def stages(self) -> dict[str, float]:
        step = self.step()
        return {
            "loading": START + self.shape.file_bytes / LOAD_BYTES + self.encoding(),
            "caching": 0.0,
            "training": step * self.size.steps,
            "sampling": self.sampling(),
            "exporting": WRITE + 2 * self.looking(self.at),
            "step": step,
        }

    @property
    def precision(self) -> str:
        return precision_of(self.run, self.shape, self.device)

    @property
    def at(self) -> Texts:
        """The mean row."""
        return middling(self.size, items_at_once(self.run, self.size))

    def looking(self, at: Texts) -> float:
        return rates(self.device, self.precision).there(passes.looking(self.shape, at, self.precision))

    def encoding(self) -> float:
        return (sum(self.size.lengths) + sum(self.size.held_out)) / TOKENS

    def step(self) -> float:
        """Of batches as full as they are in the mean: the last one of an epoch has what is left."""
        one = call_seconds(self.run, self.shape, self.device, self.at)
        batch = min(self.run.training.batch_size, self.size.samples)
        full = self.size.samples / (ceil(self.size.samples / batch) * batch)
        many = calls(self.run, self.size) * self.run.training.accumulation * full
        if self.size.preference:  # what the base says of each is found once
            one += self.looking(self.at) * min(1.0, len(self.size.lengths) / (self.size.batches * batch))
        return many * one

    def sampling(self) -> float:
        """Every round answers all prompts, one token after the other; each reads all weights."""
        sample = self.run.sample
        if not sample.prompts:
            return 0.0
        weights = passes.weights(self.shape, self.precision, self.run.training.quantization)
        rate = rates(self.device, self.precision)
        one = passes.looking(self.shape, Texts(1, 1, 1, sample.max_tokens), self.precision)
        token = max(rate.there(one), weights / rate.bytes)
        return rounds(self.run, self.size.steps) * len(sample.prompts) * sample.max_tokens * ANSWERED * token

"""How a run goes, on the terminal: bars where there is one, plain lines where there is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO, Any, Protocol

from loraloom.cli.words import counted, duration, number, size
from loraloom.spec.event import (
    CheckpointSaved,
    Event,
    RunStarted,
    SettingsLowered,
    StageProgressed,
    StageStarted,
    StepLogged,
    ValidationLogged,
    WarningRaised,
)

EVERY_SECONDS = 5.0
"""A plain line of progress at most this often."""


class Display(Protocol):
    """What shows a run."""

    def show(self, event: Event) -> None:
        """Show one event."""
        ...

    def say(self, text: str) -> None:
        """Show one line."""
        ...


@contextmanager
def display(stream: IO[str]) -> Generator[Display]:
    """Bars on a terminal, lines elsewhere; cleaned up on the way out."""
    if not stream.isatty():
        yield Lines(lambda text: print(text, file=stream, flush=True))
        return
    from loraloom.cli.bars import Bars

    with Bars(stream) as bars:
        yield bars


class Lines:
    """Plain lines: every change of stage, and a line of progress every few seconds."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._last = float("-inf")

    def say(self, text: str) -> None:
        """Write `text` now."""
        self._write(text)

    def show(self, event: Event) -> None:
        """Write what `event` says, if it is worth a line."""
        payload: Any = event.payload
        line = sentence(payload)
        if line:
            self._write(line)
        elif isinstance(payload, StageStarted):
            self._last = float("-inf") if payload.stage == "training" else self._clock()
            self._write(f"{payload.stage} ..." if payload.total <= 1 else f"{payload.stage} ({payload.total}) ...")
        elif isinstance(payload, StepLogged):
            if self._due(payload.step >= payload.total_steps):
                self._write(f"step {payload.step}/{payload.total_steps}  {step_words(payload)}")
        elif isinstance(payload, StageProgressed) and payload.total > 1 and self._due(False):
            self._write(f"{payload.stage} {payload.done}/{payload.total}")

    def _due(self, always: bool) -> bool:
        now = self._clock()
        if not always and now - self._last < EVERY_SECONDS:
            return False
        self._last = now
        return True


def sentence(payload: Any) -> str:
    """The line for an event that always deserves one; empty for the others."""
    match payload:
        case RunStarted():
            noun = "example" if payload.family == "causal_lm" else "picture"
            goes_on = f", going on from step {payload.step}" if payload.step else ""
            return (
                f"{payload.base_model} ({payload.family}) on {payload.device}: {counted(payload.images, noun)}, "
                f"{counted(payload.total_steps, 'step')}, {trainable(payload)}{goes_on}"
            )
        case CheckpointSaved():
            return f"checkpoint of step {payload.step} saved"
        case ValidationLogged():
            perplexity = f", perplexity {payload.perplexity:.2f}," if payload.perplexity is not None else ""
            return f"validation loss {payload.loss:.4f}{perplexity} at step {payload.step}"
        case SettingsLowered():
            return f"{payload.key} lowered from {payload.old} to {payload.new}: {payload.reason}"
        case WarningRaised():
            return f"warning: {payload.message}" + (f" {payload.hint}" if payload.hint else "")
        case _:
            return ""


def trainable(started: RunStarted) -> str:
    """`460,800 of 134,975,808 weights trainable (0.34 %)`; without the share where it is not known."""
    count = number(started.trainable_parameters)
    if not started.parameters:
        return f"{count} trainable weights"
    share = 100 * started.trainable_parameters / started.parameters
    return f"{count} of {number(started.parameters)} weights trainable ({share:.2g} %)"


def step_words(step: StepLogged) -> str:
    """Loss, rate, time left with its range, and memory of one step."""
    done = step.step >= step.total_steps
    left = "done" if done else f"{duration(step.eta_seconds)} left"
    if not done and step.eta_high_seconds - step.eta_low_seconds >= 1:
        left += f" ({duration(step.eta_low_seconds)} to {duration(step.eta_high_seconds)})"
    memory = size(step.peak_memory_bytes)
    return f"loss {step.smoothed_loss:.4f}  {duration_of_step(step.step_seconds)}  {left}  memory {memory}"


def duration_of_step(seconds: float) -> str:
    """`0.24 s/step`, or `4.2 steps/s` when steps are short."""
    return f"{1 / seconds:.1f} steps/s" if 0 < seconds < 0.1 else f"{seconds:.2f} s/step"

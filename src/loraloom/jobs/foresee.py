"""The forecast of a run on a device, from the best source there is: a measurement, finished runs, the model alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from loraloom.forecast import combine, history, model
from loraloom.forecast.amounts import Amounts
from loraloom.forecast.besides import RUNTIME, reported
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.fit import fit
from loraloom.forecast.fit_words import said
from loraloom.forecast.ladder import STEP, applied
from loraloom.forecast.model import AnyPlan, AnySize
from loraloom.forecast.room import Changes
from loraloom.jobs import history as kept
from loraloom.jobs import probes
from loraloom.models.resolve import resolve
from loraloom.models.shape import AnyShape, shape_of
from loraloom.spec.forecast import Fitted, Forecast, Measured, Outcome, StageMemory, WhatIf
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

_learned: dict[tuple[str, bool], tuple[tuple[Outcome, ...], history.Learned | None]] = {}


@dataclass(frozen=True)
class Case:
    """One run, its plan, and the device it would be on."""

    run: Run
    plan: AnyPlan
    device: DeviceFacts
    shape: AnyShape

    @cached_property
    def size(self) -> AnySize:
        """What the plan means for time and memory."""
        return model.size_of(self.plan, self.run)

    @cached_property
    def memory(self) -> tuple[StageMemory, ...]:
        """By the model, stage by stage."""
        return model.memory(self.run, self.shape, self.size, self.device)

    @cached_property
    def expected(self) -> dict[str, float]:
        """By the model alone: seconds by stage and of one step, and the peak in bytes."""
        return model.expected(self.run, self.plan, self.shape, self.size, self.device)

    @cached_property
    def features(self) -> dict[str, float]:
        """What forecasts learn from."""
        return model.features(self.run, self.shape, self.size, self.device)

    def amounts(self, measured: Measured | None = None) -> Amounts:
        """How often the run does what is reckoned, or was `measured`."""
        return model.amounts(self.run, self.plan, self.shape, self.size, self.device, measured)

    def other(self, changes: Changes, plan_for: Callable[[Run], AnyPlan]) -> Case:
        """The same with some settings changed. Raises pydantic's ValidationError for a change that cannot be."""
        run = applied(self.run, changes)
        return Case(run, plan_for(run), self.device, self.shape)


def case_of(run: Run, plan: AnyPlan, device: DeviceFacts) -> Case:
    """The case of a run whose base model is known. Raises LoomError for a base model that cannot be read."""
    return Case(run, plan, device, shape_of(resolve(run.base_model)))


def foresee(case: Case, measured: Measured | None = None) -> Forecast:
    """The forecast of `case`; `measured` counts before anything that is remembered. Where memory forced settings upon the
    same run before, it will again: the forecast is of what it becomes, and says that it does not fit as it is."""
    forced = {} if measured else _forced(case)
    if forced:
        lowered = Case(applied(case.run, forced), case.plan, case.device, case.shape)
        return _foresee(lowered, None).model_copy(update={"fits": False})
    return _foresee(case, measured)


def _forced(case: Case) -> dict[str, Any]:
    """What memory forced upon the last run that was asked for like this one, on this device; dotted keys."""
    for one in reversed(kept.read()):
        if (one.device, one.base_model) == (case.device.name, case.run.base_model) and one.features == case.features:
            return dict(one.lowered)
    return {}


def _foresee(case: Case, measured: Measured | None) -> Forecast:
    outcomes = kept.read()
    unreported = RUNTIME["cuda"] if case.device.kind == "cuda" else 0
    place = combine.Place(case.device.name, case.device.memory_free, case.memory, unreported)
    measured = measured or probes.remembered(case.run, case.plan, case.device)
    if measured is not None:
        return combine.from_probe(
            case.amounts(measured),
            measured,
            place,
            spread=history.probe_spread(outcomes, case.device.name),
            busy=measured.busy,
            unmeasured_bytes=model.unmeasured(case.run, case.shape, case.size, case.device, measured),
        )
    learned = _learn(outcomes, case.device.name, isinstance(case.run, TextRun))
    if learned is not None and learned.runs:
        predicted = learned.predict(case.features, case.expected, case.run.family, case.run.base_model)
        return combine.from_history(case.amounts(), predicted, place)
    return combine.from_model(case.amounts(), case.expected, place)


def _learn(outcomes: tuple[Outcome, ...], device: str, texts: bool) -> history.Learned | None:
    """What finished runs tell of `device`, learned anew when one more has finished."""
    known = _learned.get((device, texts))
    if known is None or known[0] is not outcomes:
        known = _learned[device, texts] = (outcomes, history.learn(outcomes, device, texts))
    return known[1]


def fitted(case: Case) -> Fitted:
    """What would make the run fit its device: what memory forced upon it before, else by the memory model, put right by what
    was measured or learned there."""
    forced = _forced(case)
    if forced:
        now = reported(case.memory, case.device)
        lowered = Case(applied(case.run, forced), case.plan, case.device, case.shape)
        after = reported(lowered.memory, case.device)
        said_of = [said(case.run, case.device, key, new, now, after) for key, new in forced.items()]
        return Fitted(changes=tuple(said_of), fits=True)
    factor = _foresee(case, None).peak_memory_bytes.p50 / max(1.0, case.expected[history.PEAK])

    def corrected(run: Run, shape: AnyShape, plan: AnySize, device: DeviceFacts) -> tuple[StageMemory, ...]:
        stages = model.memory(run, shape, plan, device)
        return tuple(
            StageMemory(stage=one.stage, parts={part: round(held * factor) for part, held in one.parts.items()})
            for one in stages
        )

    return fit(case.run, case.shape, case.size, case.device, memory=corrected)[1]


def what_if(case: Case, plan_for: Callable[[Run], AnyPlan], devices: Sequence[DeviceFacts]) -> list[WhatIf]:
    """The same run with one thing changed, a row each: half and twice the batch, rank and steps, a size up and down, and
    other devices. `plan_for` makes the plan of a changed run."""
    run, found = case.run, list[WhatIf]()
    for key, value in _changes(run):
        other = case.other({key: value}, plan_for)
        found.append(_row(key, value, foresee(other)))
    for device in devices:
        if device.name != case.device.name:
            other = Case(run, case.plan, device, case.shape)
            found.append(_row("device", device.name, foresee(other)))
    return found


def _changes(run: Run) -> Iterator[tuple[str, int]]:
    batch, rank = run.training.batch_size, run.lora.rank
    yield from (("training.batch_size", size) for size in (batch // 2, batch * 2) if size >= 1)
    yield from _sizes(run)
    yield from (("lora.rank", size) for size in (rank // 2, rank * 2) if 1 <= size <= 1024)
    length = "training.epochs" if run.training.steps is None else "training.steps"
    now = run.training.epochs if run.training.steps is None else run.training.steps
    yield from ((length, size) for size in ((now or 2) // 2, (now or 1) * 2) if size >= 1)


def _sizes(run: Run) -> Iterator[tuple[str, int]]:
    """Of what is looked at: pixels of pictures, tokens of texts."""
    if isinstance(run, TextRun):
        tokens = run.dataset.max_length
        yield from (("dataset.max_length", size) for size in (tokens // 2, tokens * 2) if 16 <= size <= 1 << 20)
    else:
        side = run.dataset.resolution
        yield from (("dataset.resolution", size) for size in (side - STEP, side + STEP) if 2 * STEP <= size <= 4096)


def _row(key: str, value: int | str, found: Forecast) -> WhatIf:
    return WhatIf(
        key=key,
        value=value,
        seconds=found.seconds.p50,
        peak_memory_bytes=found.peak_memory_bytes.p50,
        fits=found.fits,
    )

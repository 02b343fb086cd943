"""The pictures of an experiment, drawn in batches that are the same whenever it is stopped and goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from loraloom.child.work import is_memory
from loraloom.generate.draw import PIXELS_AT_ONCE
from loraloom.generate.experiment.job import Work
from loraloom.generate.experiment.words import called
from loraloom.generate.playground.engine import Engine
from loraloom.generate.playground.engine import Stopped as GivenUp
from loraloom.models.resolve import resolve
from loraloom.spec.drawing import Drawing, LoraUse
from loraloom.spec.errors import LoomError
from loraloom.spec.event import SettingsLowered
from loraloom.spec.experiment import Cell, ExperimentJob, cells
from loraloom.spec.run import NATIVE_RESOLUTION


@dataclass
class Easel:
    """An engine and the batches it gets."""

    work: Work
    engine: Engine
    alone: bool = False
    """Whether memory ran out, so that pictures are drawn one by one from now on."""
    unfit: dict[tuple[int, int], LoomError] = field(default_factory=dict[tuple[int, int], LoomError])
    """(candidate, base) -> why they do not go together."""

    def draw(self, column: int, asked: Sequence[tuple[str, int]], base: bool = False) -> list[np.ndarray]:
        """A picture for each (prompt, seed) of a column, or of its base alone. Raises LoomError."""
        wanted = [drawing_of(self.work, column, prompt, seed) for prompt, seed in asked]
        if base:
            wanted = [drawing.model_copy(update={"loras": ()}) for drawing in wanted]
        if not self.alone:
            try:
                return self._drawn(wanted)
            except (RuntimeError, MemoryError) as error:
                if len(wanted) == 1 or not is_memory(error):
                    raise
                self.alone = True
                self.work.emit(
                    SettingsLowered(key="batch_size", old=len(wanted), new=1, reason="Memory ran out while drawing.")
                )
        return [self._drawn([drawing])[0] for drawing in wanted]

    def vae(self) -> Any:
        """What sees the look of pictures: of the first base, for all columns alike."""
        return self.engine.parts(self.work.job.bases[0]).vae

    def _drawn(self, wanted: Sequence[Drawing]) -> list[np.ndarray]:
        """Raises Stopped between two steps, LoomError."""
        reason: list[str] = []

        def stop() -> bool:
            if not reason and (why := self.work.asks.reason()) is not None:
                reason.append(why)
            return bool(reason)

        try:
            drawn = self.engine.draw_many(wanted, stop=stop)
        except GivenUp:
            self.work.stop(reason[0])
        for warning in dict.fromkeys(warning for one in drawn for warning in one.warnings):
            self.work.warn("lora_mismatch", warning)
        return [one.pixels for one in drawn]


def draw_all(work: Work) -> Callable[[], None]:
    """Draw what is missing; returns what measures. Raises Stopped, LoomError."""
    job = work.job
    easel = Easel(work, Engine(job.device, job.threads, None))
    for base, some in groupby(_in_order(work), lambda cell: work.columns[cell.column].base):
        for column, own in groupby(some, lambda cell: cell.column):
            _draw_column(easel, column, list(own), batch_size(job, base))
    from loraloom.generate.experiment.measuring import measure_pictures

    return partial(measure_pictures, work, easel)


def drawing_of(work: Work, column: int, prompt: str, seed: int) -> Drawing:
    """All that makes the picture of a column for a prompt, as it is given to the text encoder, and a seed."""
    job, way = work.job, work.columns[column]
    asked, lora = job.experiment, job.loras[way.candidate]
    use = (LoraUse(path=str(work.run_dir / lora), strength=way.strength),) if lora is not None else ()
    return Drawing(
        clip_skip=0,
        variation=1.0,
        base_model=job.bases[way.base],
        loras=use,
        prompt=prompt,
        negative_prompt=asked.negative_prompt,
        seed=seed,
        steps=asked.steps,
        guidance=asked.guidance,
        sampler=asked.samplers[way.sampler],
        width=asked.width,
        height=asked.height,
    )


def batch_size(job: ExperimentJob, base: int) -> int:
    """Pictures that are drawn together."""
    found = resolve(job.bases[base])
    side = found.resolution or max(NATIVE_RESOLUTION.values())
    return max(1, PIXELS_AT_ONCE // ((job.experiment.width or side) * (job.experiment.height or side)))


def _in_order(work: Work) -> list[Cell]:
    """A base is loaded once, and a LoRA is put on it once; within a column as they are numbered."""

    def key(cell: Cell) -> tuple[int, int, int, float, int]:
        column = work.columns[cell.column]
        return column.base, column.candidate, column.sampler, column.strength, cell.number

    return sorted(cells(work.job.experiment), key=key)


def _draw_column(easel: Easel, column: int, own: list[Cell], at_once: int) -> None:
    """Batches are cut at the same places whatever is there already: what is drawn beside a picture moves its last bits."""
    work, way = easel.work, easel.work.columns[column]
    if not work.there(way.candidate):
        work.failed += sum(cell.number not in work.record.done for cell in own)
        return
    triggers = work.job.triggers[way.candidate]
    asked = work.job.experiment
    for first in range(0, len(own), at_once):
        batch = own[first : first + at_once]
        missing = [cell.number not in work.record.done for cell in batch]
        if not any(missing):
            continue
        work.look()
        began = time.monotonic()
        try:
            if (known := easel.unfit.get((way.candidate, way.base))) is not None:
                raise known
            wanted = [(called(asked.prompts[cell.prompt], triggers), asked.seeds[cell.seed]) for cell in batch]
            drawn = easel.draw(column, wanted)
        except LoomError as error:
            easel.unfit[way.candidate, way.base] = error
            work.fail(sum(missing), error)
            work.progressed()
            continue
        seconds = (time.monotonic() - began) / len(batch)
        for cell, pixels, new in zip(batch, drawn, missing, strict=True):
            if new:
                work.record.draw(cell.number, pixels, seconds)
        work.progressed()

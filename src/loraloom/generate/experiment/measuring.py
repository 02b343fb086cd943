"""Measures the columns of pictures of an experiment, one after the other, and writes `measures.json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from loraloom.generate.experiment.job import Work
from loraloom.generate.experiment.lazy import Lazy
from loraloom.generate.experiment.measured import write
from loraloom.generate.experiment.pictures import Easel
from loraloom.generate.experiment.words import called, uncalled
from loraloom.generate.looks import SUFFIXES, Looks
from loraloom.generate.measures import figures
from loraloom.generate.measures.clip import Clip
from loraloom.generate.measures.seen import Seen, join, see
from loraloom.generate.sheet import to_picture
from loraloom.spec.errors import LoomError
from loraloom.spec.event import StageProgressed, StageStarted
from loraloom.spec.experiment import Measured, cells

AT_ONCE = 64
LEAK_PROMPTS, LEAK_SEEDS = 3, 2
"""Of the experiment, drawn again without the trigger."""
MOST_LOOKED_AT = 100
"""Pictures of a data set whose look is taken, evenly chosen."""


def measure_pictures(work: Work, easel: Easel) -> None:
    """Measure every column that has pictures. Raises Stopped, LoomError."""
    measurer = Measurer(work, easel)
    found: list[Measured] = []
    work.emit(StageStarted(stage="measuring", total=len(work.columns)))
    for column in range(len(work.columns)):
        work.look()
        found.append(measurer.column(column))
        work.emit(StageProgressed(stage="measuring", done=column + 1, total=len(work.columns)))
    write(work.run_dir, found)


@dataclass
class Measurer:
    """What is looked at once for several columns."""

    work: Work
    easel: Easel
    _trained: dict[str, tuple[list[str], Seen]] = field(default_factory=dict[str, tuple[list[str], Seen]])
    _looks: dict[tuple[str, tuple[int, int]], Looks] = field(default_factory=dict[tuple[str, tuple[int, int]], Looks])
    _bases: dict[tuple[object, ...], Seen] = field(default_factory=dict[tuple[object, ...], Seen])

    @cached_property
    def _clip(self) -> Clip:
        folder = self.work.job.clip
        return Clip(Path(folder) if folder else None)

    @cached_property
    def _texts(self) -> np.ndarray:
        """Unit vectors of the prompts without trigger words, which no CLIP knows."""
        job = self.work.job
        triggers = {word for words in job.triggers for word in words}
        return self._clip.texts([uncalled(prompt, triggers) or "a picture" for prompt in job.experiment.prompts])

    def column(self, column: int) -> Measured:
        """Everything that can be said of one column."""
        job, way, done = self.work.job, self.work.columns[column], self.work.record.done
        own = [cell for cell in cells(job.experiment) if cell.column == column and cell.number in done]
        if not own:
            return Measured(column=column)
        pictures = Lazy(len(own), lambda row: self.work.record.picture(own[row].number))
        seen = self._see(pictures)
        prompts = [cell.prompt for cell in own]
        folder = job.pictures[way.candidate]
        near, image = None, None
        if folder is not None:
            names, trained = self._trained_on(folder)
            near = figures.nearest(seen, trained)
            image = names[near.trained] if near else None
        return Measured(
            column=column,
            adherence=_short(figures.adherence(seen, self._texts, prompts)),
            style=_short(self._style(folder, pictures) if folder is not None else None),
            diversity=_short(figures.diversity(seen, prompts)),
            nearest=_short(near.likeness if near else None),
            nearest_cell=own[near.picture].number if near else None,
            nearest_image=image,
            leak=_short(self._leak(column)),
        )

    def _see(self, pictures: Sequence[Image.Image]) -> Seen:
        return join(
            [see(self._clip, list(pictures[first : first + AT_ONCE])) for first in range(0, len(pictures), AT_ONCE)]
        )

    def _trained_on(self, folder: str) -> tuple[list[str], Seen]:
        """Image ids and what is seen of the pictures that were trained on."""
        if folder not in self._trained:
            files = _files(self.work.run_dir / folder)
            self._trained[folder] = (
                [file.stem for file in files],
                self._see(Lazy(len(files), lambda row: _opened(files[row]))),
            )
        return self._trained[folder]

    def _style(self, folder: str, pictures: Sequence[Image.Image]) -> float | None:
        """Distance of the look. The eyes are those of the first base for all columns, so that they can be compared."""
        size = pictures[0].size
        if (folder, size) not in self._looks:
            if not _files(self.work.run_dir / folder):
                return None
            self._looks[folder, size] = Looks(self.easel.vae(), self.work.run_dir / folder, size, MOST_LOOKED_AT)
        return self._looks[folder, size].distance(
            Lazy(len(pictures), lambda row: np.asarray(pictures[row], np.float32) / 255)
        )

    def _leak(self, column: int) -> float | None:
        """None for the base, and for a LoRA of which no trigger is known: all it does may be meant."""
        job, way = self.work.job, self.work.columns[column]
        triggers = job.triggers[way.candidate]
        if job.loras[way.candidate] is None or not triggers or way.strength == 0:
            return None
        asked = _without_trigger(job.experiment.prompts, triggers)
        seeds = (*job.experiment.seeds, (job.experiment.seeds[0] + 1) % 2**32)[:LEAK_SEEDS]
        wanted = [(prompt, seed) for prompt in asked for seed in seeds]
        try:
            own = self._drawn(column, wanted, base=False)
            key = (way.base, way.sampler, *wanted)
            if key not in self._bases:
                self._bases[key] = self._drawn(column, wanted, base=True)
        except LoomError as error:
            self.work.warn(error.code, f"What leaks could not be measured: {error.message}", error.hint)
            return None
        return figures.leak(own, self._bases[key], [number // len(seeds) for number in range(len(wanted))])

    def _drawn(self, column: int, wanted: list[tuple[str, int]], base: bool) -> Seen:
        return see(self._clip, [to_picture(pixels) for pixels in self.easel.draw(column, wanted, base)])


def _without_trigger(prompts: Sequence[str], triggers: Sequence[str]) -> list[str]:
    """The first prompts that call the LoRA, without what calls it; the first of all where none does."""
    calling = [prompt for prompt in prompts if uncalled(prompt, triggers) != called(prompt, triggers)]
    return list(dict.fromkeys(uncalled(prompt, triggers) for prompt in calling or prompts))[:LEAK_PROMPTS]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES) if folder.is_dir() else []


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 5)

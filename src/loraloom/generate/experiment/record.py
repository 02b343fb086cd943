"""The cells that an experiment has so far, safe against being killed: pictures whole or not at all, then their lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from loraloom.generate.sheet import to_picture
from loraloom.spec.experiment import CELLS, DONE, CellDone, file_of


class Record:
    """Lines that are there are kept; a torn last one is cut off."""

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir
        (run_dir / CELLS).mkdir(exist_ok=True)
        self.done = _mend(run_dir / DONE)
        """Numbers that have a line."""
        self._lines = (run_dir / DONE).open("a", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()

    def draw(self, number: int, pixels: np.ndarray, seconds: float) -> None:
        """Keep a picture (float [h, w, 3] in 0 to 1) as a PNG that says nothing of what made it."""
        place = self._dir / file_of(number)
        half = place.with_suffix(".part")
        to_picture(pixels).save(half, "PNG")
        half.replace(place)
        self._add(CellDone(number=number, file=file_of(number), seconds=round(seconds, 4)))

    def say(self, number: int, text: str, seconds: float) -> None:
        """Keep an answer."""
        self._add(CellDone(number=number, text=text, seconds=round(seconds, 4)))

    def picture(self, number: int) -> Image.Image:
        """The picture of a cell that is there."""
        with Image.open(self._dir / file_of(number)) as picture:
            return picture.convert("RGB")

    def _add(self, cell: CellDone) -> None:
        self._lines.write(cell.model_dump_json(exclude_none=True) + "\n")
        self._lines.flush()
        self.done.add(cell.number)


def _mend(path: Path) -> set[int]:
    if not path.exists():
        return set()
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        os.truncate(path, len(whole))
    return {CellDone.model_validate_json(line).number for line in whole.splitlines()}

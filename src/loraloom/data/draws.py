"""Random numbers by position: the same seed, purpose and position give the same numbers, resumed or not."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Stream(IntEnum):
    """What random numbers are drawn for. The numbers are part of a run's meaning: never renumber."""

    ORDER = 1
    FLIP = 2
    VARIANT = 3
    CAPTION = 4
    CROP = 5
    NOISE = 7
    VALIDATION = 8


def draws(seed: int, stream: Stream, *position: int) -> np.random.Generator:
    """A generator for one purpose at one place, such as `draws(seed, Stream.CAPTION, batch)`. Numbers must be >= 0."""
    import numpy as np

    return np.random.default_rng([seed, int(stream), *position])

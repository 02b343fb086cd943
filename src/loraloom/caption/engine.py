"""What every engine is to the child: something that is loaded once and then captions a batch of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from loraloom.data.pictures import load_picture
from loraloom.spec.errors import LoomError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

T = TypeVar("T")
BACKGROUND = "white"
"""Behind transparent pictures: what every captioning model has seen most."""
READERS = 4


@dataclass(frozen=True)
class Picture:
    """One picture of a job; it is decoded, under the limits of `data`, when an engine asks for it."""

    path: Path
    existing: str = ""
    """The caption that is there."""

    def load(self) -> Image:
        """RGB, upright, on white. Raises LoomError `dataset_unreadable`."""
        return load_picture(self.path, BACKGROUND)


@dataclass(frozen=True)
class Label:
    """A label that was found, its probability, and the group it was chosen from."""

    label: str
    p: float
    group: str = ""


@dataclass(frozen=True)
class Made:
    """What an engine made of one picture. `problem` instead of a caption when it could not."""

    caption: str = ""
    labels: tuple[Label, ...] = ()
    problem: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    embedding: NDArray[np.float32] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Warned:
    """Something a person should know about an engine before they trust it."""

    code: str
    message: str
    hint: str = ""


class Engine(Protocol):
    """A loaded engine."""

    @property
    def model(self) -> str:
        """What the model is called, for the record."""
        ...

    @property
    def warnings(self) -> Sequence[Warned]:
        """What to say before the first picture."""
        ...

    @property
    def batch_size(self) -> int:
        """Pictures it wants at once."""
        ...

    def caption(self, pictures: Sequence[Picture]) -> Iterator[tuple[int, Made] | None]:
        """What it made of each picture, with its place in `pictures`, in any order, as it comes; None while it waits, so
        that a wish to stop is heard. Raises LoomError when going on is of no use."""
        ...


def read_all(
    pictures: Sequence[Picture], prepare: Callable[[Image], T]
) -> tuple[list[int], list[T], list[tuple[int, Made]]]:
    """Every picture decoded and prepared on a few threads: places and results of the good ones, and the failures."""

    def one(picture: Picture) -> T | LoomError:
        try:
            return prepare(picture.load())
        except LoomError as error:
            return error

    with ThreadPoolExecutor(READERS, thread_name_prefix="read") as pool:
        outcomes = list(pool.map(one, pictures))
    places = [place for place, outcome in enumerate(outcomes) if not isinstance(outcome, LoomError)]
    good = [outcome for outcome in outcomes if not isinstance(outcome, LoomError)]
    failed = [
        (p, Made(problem=outcome.message)) for p, outcome in enumerate(outcomes) if isinstance(outcome, LoomError)
    ]
    return places, good, failed


def in_order(
    places: Iterable[int], made: Iterable[Made], failed: Iterable[tuple[int, Made]]
) -> Iterator[tuple[int, Made]]:
    """Results of a batch, put back to their places."""
    yield from sorted([*zip(places, made, strict=True), *failed], key=lambda pair: pair[0])

"""What is known of a picture and said of a set: plain models that go to JSON, without numpy."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "few_pictures",
    "near_duplicate",
    "tiny",
    "blurred",
    "dark",
    "bright",
    "flat",
    "borders",
    "one_background",
    "one_pose",
    "no_caption",
    "same_caption",
    "long_caption",
    "trigger_missing",
    "tag_in_all",
    "full_width_commas",
    "watermark",
    "nsfw",
]
Level = Literal["bad", "warn", "note"]
Value = int | float | str


class Measures(BaseModel):
    """What `measure` finds in the pixels of one picture."""

    model_config = ConfigDict(frozen=True)

    version: int = 1
    """Of the way they were measured: older ones are measured again."""
    hash: str
    """64 bits in hexadecimal: pictures that look the same differ in few of them."""
    flipped: str
    """The hash of the mirrored picture."""
    sharpness: float | None
    """How abrupt the strongest edges are at 256 x 256 pixels: about 2 for a step from pixel to pixel, 1 for a soft one, 0.5
    for a blur of one pixel (sigma), 0.3 at most for more; None where there is no edge to judge by."""
    dark: float
    """Share of pixels near black, 0 to 1; an even background is not counted, here and in the next two."""
    bright: float
    """Share of pixels near white."""
    mean: float
    """Mean brightness, 0 to 1."""
    contrast: float
    """Between the 2nd and the 98th percentile of brightness, 0 to 1, background included."""
    borders: tuple[int, int, int, int]
    """Pixels of even bars at left, top, right and bottom."""
    ground: tuple[int, int, int] | None
    """Colour of an even background, 0 to 255, as far as it shows all around; None where there is none."""
    descriptor: tuple[float, ...]
    """128 numbers: colours and directions of edges on a grid of 4 x 4. Pictures that look alike are near each other."""
    trace: str | None = None
    """Fine edges of the upper and the lower quarter, as `marks.trace` writes them; None where they were not looked for."""
    nsfw: float | None = None
    """How likely the picture is not safe for work, 0 to 1; None where nobody asked."""


class Looked(BaseModel):
    """A picture of the set, as far as it was looked at. `caption` holds its alternatives, a line each."""

    model_config = ConfigDict(frozen=True)

    id: str
    width: int
    height: int
    caption: str | None = None
    measures: Measures | None = None


class Finding(BaseModel):
    """Something to know about a set. `message` and `hint` are English; `words.say` makes any language of `values`."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    level: Level
    count: int
    """Pictures that it means."""
    values: dict[str, Value]
    """What the sentences name, `count` among it."""
    message: str
    hint: str
    images: list[str]
    groups: list[list[str]] = []
    """Which of them belong together (near duplicates, equal captions), the largest group first."""


class Card(BaseModel):
    """The score card of a set."""

    model_config = ConfigDict(frozen=True)

    score: int
    """0 to 100; 100 means that nothing was found."""
    findings: list[Finding]
    """Worst first."""

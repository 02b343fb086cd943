"""What an export is made of: pictures with all that is known of them, and files to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from loraloom.data.extras import Crop

Format = Literal["kohya", "imagefolder", "lora-scripts", "flat"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True)
class Picture:
    """One picture of a data set.

    `name` is its label with its folders; `path` the stored file, of any format that is read; `caption` has an alternative a
    line; `crop` is the part to train on; `mask` a file of any size, white counts; `folder` the class words of its kohya
    folder ("": the last folder of the label, else the words that the exporter was given).
    """

    name: str
    path: Path
    caption: str | None = None
    repeats: int = 1
    held_out: bool = False
    crop: Crop | None = None
    mask: Path | None = None
    folder: str = ""

    @property
    def captions(self) -> tuple[str, ...]:
        """The alternatives; none for a picture without a caption."""
        return tuple(line for line in (raw.strip() for raw in (self.caption or "").splitlines()) if line)


@dataclass(frozen=True)
class Entry:
    """A file to write: where in the target (forward slashes), and its bytes or the file that has them."""

    name: str
    content: bytes | Path

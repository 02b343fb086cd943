"""What an upload turns out to hold: pictures, lone captions and masks, notes."""

from __future__ import annotations

from dataclasses import dataclass

from loraloom.data.extras import NOTHING, Crop, Extras
from loraloom.data.renew import Renewed
from loraloom.spec.dataset import FileNote


@dataclass(frozen=True)
class Taken:
    """A picture to store under the label `name`; `caption` holds its alternatives, a line each, or None.

    `words` are its folder's, for a picture that came alone and whose caption may still come. `mask` is an 8-bit grey PNG of
    the picture's size.
    """

    name: str
    picture: Renewed
    caption: str | None = None
    words: str | None = None
    repeats: int = 1
    held_out: bool = False
    crop: Crop | None = None
    mask: bytes | None = None


@dataclass(frozen=True)
class Caption:
    """What came of a picture without the picture: its caption (None: nothing of it), and what a table says beside it.
    `called` is how it calls it: a label (`exact`: without its extension), or what a table says; `file` is the label of the
    file it stands in."""

    file: str
    called: str
    caption: str | None
    exact: bool
    extras: Extras = NOTHING


@dataclass(frozen=True)
class Mask:
    """A mask that came without its picture: an 8-bit grey PNG. `called` is the picture's label without its extension."""

    file: str
    called: str
    data: bytes


Item = Taken | Caption | Mask | FileNote
"""A picture, a lone caption or mask, or a note: why a file was not taken, or a remark about one that was."""

"""kohya's folder convention: `<root>/<N>_<class words>/` sets repeats and the caption of pictures that have none.

Loom's exports add one: what lies in `<root>/held-out/` is held out. Other programs do not look into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from loraloom.data.limits import MAX_KOHYA_REPEATS
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote

HELD_OUT = "held-out"
_PATTERN = re.compile(r"(\d+)_(.+)", re.DOTALL)


@dataclass(frozen=True)
class Concept:
    """What a folder name says: how often its pictures count in an epoch, and their words."""

    repeats: int
    words: str


def concept(folder: str) -> Concept | None:
    """The concept a folder is named after; None for any other name, and for numbers that must be something else (a date)."""
    match = _PATTERN.fullmatch(folder)
    if match is None or len(match[1]) > 9 or int(match[1]) > MAX_KOHYA_REPEATS:
        return None
    return Concept(int(match[1]), match[2].strip())


def looks_like_concept(folder: str) -> bool:
    """Whether the name has the form, whatever its number."""
    return _PATTERN.fullmatch(folder) is not None


def wrapping(files: list[Found]) -> int:
    """How many outer folders only wrap the data set (`cats.zip/cats/10_cat/...`): concepts are looked for inside them."""
    depth = 0
    while files:
        heads = {file.parts[depth] if len(file.parts) > depth + 1 else None for file in files}
        only = heads.pop()
        if heads or only is None or looks_like_concept(only) or only == HELD_OUT:
            break
        depth += 1
    return depth


class Concepts:
    """The concept of each picture of a data set. `notes` names folders whose number was not taken for repeats."""

    def __init__(self, pictures: list[Found]) -> None:
        self._depth = wrapping(pictures)
        self._by_folder: dict[str, Concept | None] = {}
        self.notes: list[FileNote] = []
        for picture in pictures:
            folder = self._folder(picture)
            if folder is None or folder in self._by_folder:
                continue
            self._by_folder[folder] = concept(folder)
            if self._by_folder[folder] is None and looks_like_concept(folder):
                says = f"Read as a plain name, not as repeats: above {MAX_KOHYA_REPEATS:,} it is most likely a date."
                self.notes.append(FileNote(file=f"{printable(folder)}/", reason="folder_name", message=says))

    def of(self, picture: Found) -> Concept | None:
        """The concept whose folder holds `picture`."""
        folder = self._folder(picture)
        return None if folder is None else self._by_folder[folder]

    def held_out(self, picture: Found) -> bool:
        """Whether `picture` lies in the folder of those that are held out."""
        return len(picture.parts) > self._depth + 1 and picture.parts[self._depth] == HELD_OUT

    def check(self, picture: Found) -> None:
        """Raises Refused for a picture of a folder that is switched off (0 repeats), or below the one level that counts."""
        held = self.of(picture)
        if held is None:
            return
        if held.repeats == 0:
            raise Refused("switched_off", "Its folder's name says 0 repeats; rename the folder to use it.")
        if len(picture.parts) > self._above(picture) + 2:
            raise Refused("unsupported", "Lies deeper than kohya folders are read (one level); move it up to use it.")

    def _folder(self, picture: Found) -> str | None:
        depth = self._above(picture)
        return picture.parts[depth] if len(picture.parts) > depth + 1 else None

    def _above(self, picture: Found) -> int:
        """How many folders stand above the one that may be a concept."""
        return self._depth + self.held_out(picture)


def concept_above(picture: Found) -> tuple[Concept | None, bool]:
    """The concept in whose folder a picture lies that came by itself, and whether it is held out; its label is all that
    is known of its data set."""
    folders = picture.parts[:-1]
    held = concept(folders[-1]) if folders else None
    above = folders[:-1] if held is not None else folders
    return held, bool(above) and above[-1] == HELD_OUT

"""Names of exported files: as people know them, as far as every system, every archive and every reader takes them."""

from __future__ import annotations

from collections.abc import Collection

from loraloom.data.formats import PICTURE_EXTENSIONS, sniff
from loraloom.data.kohya import concept
from loraloom.data.layout import MASK_SUFFIX, plain
from loraloom.data.names import safe_stem, split_extension
from loraloom.data.walk import is_hidden

MAX_STEM = 104
"""UTF-8 bytes of a stem: with ` (12345)` behind it still what Loom's own importer and unpacker leave as it is."""
_ENDINGS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "JXL": (".jxl",),
}


class Names:
    """Gives out names. The rule:

    - The stem stays as it is, Chinese, quotes, commas and emoji too. Only what some system forbids goes: `<>:"/\\|?*` become
      `-`, control characters and joiners vanish, blanks at the ends and dots in front go, `CON` becomes `_CON`, and
      104 bytes are kept.
    - The extension is that of the bytes: a `cat.jpg` that was stored as WebP is `cat.webp`.
    - In one folder no two pictures share a stem, whatever their extensions and whatever their case, because their captions
      and masks would be one file: the second `cat` is `cat (2)`. The first picture of the list keeps its name.
    - A stem that ends in `-masklabel` gets a `_`, or it would be taken for a mask.
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        """`taken`: paths without extension that are no picture's."""
        self._taken = {plain(path) for path in taken}
        self._tried: dict[str, int] = {}

    def give(self, folder: str, name: str, head: bytes) -> tuple[str, str]:
        """The path without extension, and the extension, for the picture labelled `name` that begins with `head`."""
        stem, extension = _split(name.rsplit("/", 1)[-1])
        stem = safe_stem(stem, MAX_STEM)
        if plain(stem).endswith(MASK_SUFFIX):
            stem += "_"
        if is_hidden(stem):
            stem = f"_{stem}"
        inside = f"{folder}/" if folder else ""
        key = plain(inside + stem)
        tried, number = stem, self._tried.get(key, 1)
        while plain(inside + tried) in self._taken:
            number += 1
            tried = f"{stem} ({number})"
        self._taken.add(plain(inside + tried))
        self._tried[key] = number
        return inside + tried, _ending(extension, head)


class Folders:
    """Gives out names of folders: names that some file system holds for one become one."""

    def __init__(self) -> None:
        self._spelt: dict[str, str] = {}

    def give(self, *parts: str) -> str:
        """The path of the folder that people call `parts`."""
        path: list[str] = []
        for part in parts:
            here = "/".join((*path, safe_folder(part)))
            path = self._spelt.setdefault(plain(here), here).split("/")
        return "/".join(path)


def folders_of(name: str) -> tuple[str, ...]:
    """The folders of a label."""
    return tuple(part for part in name.split("/")[:-1] if part not in ("", ".", ".."))


def words_of(name: str) -> str:
    """The class words that the last folder of a label means: `sks cat` of `10_sks cat`."""
    folders = folders_of(name)
    held = concept(folders[-1]) if folders else None
    return held.words if held is not None else folders[-1] if folders else ""


def safe_folder(part: str) -> str:
    """One folder's name, made safe in the way of stems."""
    safe = safe_stem(part, MAX_STEM)
    return f"_{safe}" if is_hidden(safe) else safe


def _split(name: str) -> tuple[str, str]:
    stem, extension = split_extension(name)
    return (stem, extension) if extension.lower() in PICTURE_EXTENSIONS and stem else (name, "")


def _ending(extension: str, head: bytes) -> str:
    endings = _ENDINGS.get(sniff(head) or "", ())
    return extension if extension.lower() in endings or not endings else endings[0]

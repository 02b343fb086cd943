"""One folder of pictures with `.txt` captions, and `loom.json` for the rest: the one that says everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from loraloom.data.exporting.cutting import files_of
from loraloom.data.exporting.kohya import text_of
from loraloom.data.exporting.naming import Names
from loraloom.data.exporting.picture import Entry, Picture
from loraloom.data.layout import LOOM_FILE, MASK_SUFFIX


def entries(pictures: Sequence[Picture], words: str, crop: bool) -> Iterator[Entry]:
    """The files of a flat data set. `words` are not needed."""
    names = Names()
    said: list[tuple[str, Picture]] = []
    for picture in pictures:
        files = files_of(picture.path, picture.mask, picture.crop if crop else None)
        stem, extension = names.give("", picture.name, files.head)
        yield Entry(stem + extension, files.picture)
        if picture.captions:
            yield Entry(f"{stem}.txt", text_of(picture))
        if files.mask is not None:
            yield Entry(f"{stem}{MASK_SUFFIX}.png", files.mask)
        said.append((stem + extension, picture))
    yield Entry(LOOM_FILE, loom_json(said, crop))


def loom_json(pictures: Iterable[tuple[str, Picture]], cut: bool = False) -> bytes:
    """`loom.json` for pictures by their file names: what is not as usual. `cut`: crops were carried out."""
    images: dict[str, dict[str, Any]] = {}
    pairs = list(pictures)
    renamed = any(picture.name != file for file, picture in pairs)
    for file, picture in pairs:
        entry: dict[str, Any] = {"original_name": picture.name} if renamed else {}
        if picture.repeats != 1:
            entry["repeats"] = picture.repeats
        if picture.held_out:
            entry["held_out"] = True
        if picture.crop is not None and not cut:
            entry["crop"] = list(picture.crop)
        if entry:
            images[file] = entry
    whole = {"loom": 1, "images": images}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")

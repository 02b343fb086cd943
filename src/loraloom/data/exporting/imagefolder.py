"""Hugging Face's imagefolder: pictures and a `metadata.jsonl` with `file_name` and `text`.

Format: https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from loraloom.data.exporting.cutting import files_of
from loraloom.data.exporting.naming import Folders, Names, folders_of
from loraloom.data.exporting.picture import Entry, Picture
from loraloom.data.kohya import HELD_OUT, concept
from loraloom.data.layout import MASK_SUFFIX

_SPLITS = re.compile(
    r"(?<![^-._ 0-9])(train|training|validation|valid|dev|val|test|testing|eval|evaluation)(?![^-._ 0-9])"
)
"""Words between the signs that `datasets` splits names at (`data_files.SPLIT_KEYWORDS`, in version 5.2)."""


def entries(pictures: Sequence[Picture], words: str, crop: bool) -> Iterator[Entry]:
    """The files of an imagefolder, in the folders of their labels. `words` are not needed.

    Columns beside the two stand in every row or in none, as tables need it: `original_name`, `repeats`, `held_out`, `crop`
    (left, top, width, height as fractions, or null), `mask` (the path of a mask, or null).
    """
    names, folders = Names(), Folders()
    rows: list[dict[str, Any]] = []
    for picture in pictures:
        files = files_of(picture.path, picture.mask, picture.crop if crop else None)
        *above, last = (no_split(part) for part in (*folders_of(picture.name), picture.name.rsplit("/", 1)[-1]))
        stem, extension = names.give(folders.give(*above), last, files.head)
        yield Entry(stem + extension, files.picture)
        mask = f"{stem}{MASK_SUFFIX}.png" if files.mask is not None else None
        if files.mask is not None and mask is not None:
            yield Entry(mask, files.mask)
        rows.append(
            {
                "file_name": stem + extension,
                "text": "\n".join(picture.captions),
                "original_name": picture.name,
                "repeats": picture.repeats,
                "held_out": picture.held_out,
                "crop": None if picture.crop is None or crop else list(picture.crop),
                "mask": mask,
            }
        )
    yield Entry("metadata.jsonl", _lines(rows))


def no_split(part: str) -> str:
    """A part of a path that `datasets` does not take for the name of a split: of `my test.png` and its neighbours it would
    load that one picture alone, without its caption."""
    return _SPLITS.sub(r"\1~", part)


def _lines(rows: list[dict[str, Any]]) -> bytes:
    usual = {"repeats": 1, "held_out": False, "crop": None, "mask": None}
    idle = {column for column, value in usual.items() if all(row[column] == value for row in rows)}
    if any(concept(part) or part == HELD_OUT for row in rows for part in folders_of(row["file_name"])):
        idle -= {"repeats", "held_out"}  # or Loom would take them from the names of the folders
    if all(row["original_name"] == row["file_name"] for row in rows):
        idle.add("original_name")
    kept = ({column: value for column, value in row.items() if column not in idle} for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept).encode("utf-8", "replace")

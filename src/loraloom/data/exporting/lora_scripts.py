"""lora-scripts' layout: one folder of pictures and a `metadata.csv` with `filename,prompt` (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from loraloom.data.exporting.cutting import files_of
from loraloom.data.exporting.naming import Names
from loraloom.data.exporting.picture import Entry, Picture
from loraloom.data.kohya import HELD_OUT
from loraloom.data.layout import MASK_SUFFIX

_TABLE = "metadata.csv"
_README = """These pictures are held out for validation; they are in a table of their own, so that nothing trains on them by
mistake.
这里是留作验证的图片，有自己的表格，不会被误用于训练。
"""


def entries(pictures: Sequence[Picture], words: str, crop: bool) -> Iterator[Entry]:
    """The files of such a data set; pictures that are held out lie in a folder of their own. `words` are not needed."""
    names = Names((f"{HELD_OUT}/README",))
    tables: dict[str, list[tuple[str, str]]] = {"": []}
    for picture in pictures:
        folder = HELD_OUT if picture.held_out else ""
        files = files_of(picture.path, picture.mask, picture.crop if crop else None)
        stem, extension = names.give(folder, picture.name, files.head)
        yield Entry(stem + extension, files.picture)
        if files.mask is not None:
            yield Entry(f"{stem}{MASK_SUFFIX}.png", files.mask)
        file = (stem + extension).rsplit("/", 1)[-1]
        tables.setdefault(folder, []).append((file, "\n".join(picture.captions)))
    for folder, rows in tables.items():
        yield Entry(f"{folder}/{_TABLE}" if folder else _TABLE, _csv(rows))
    if HELD_OUT in tables:
        yield Entry(f"{HELD_OUT}/README.txt", _README.encode())


def _csv(rows: list[tuple[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("filename", "prompt"))
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")

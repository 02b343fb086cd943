"""What came before its picture and waits for it: captions, masks, rows of tables. All of them wait as texts."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from loraloom.data.extras import NOTHING, Extras, extras_of_text
from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.intake import Caption, Mask
from loraloom.data.labels import parts_of
from loraloom.data.layout import Key, plain
from loraloom.data.names import split_extension
from loraloom.store.waiting import Kept, Waiting


@dataclass(frozen=True)
class KeptMask:
    """A mask, and the label of its file."""

    file: str
    data: bytes


class Early:
    """What waits for pictures of one data set. What a picture found is dropped by `settle`, once that is committed."""

    def __init__(self, waiting: Waiting, dataset_id: str) -> None:
        self._waiting, self._dataset_id = waiting, dataset_id
        self._used: list[str] = []

    def settle(self) -> None:
        """What was found waits no longer."""
        while self._used:
            self._waiting.drop(self._dataset_id, self._used.pop())

    def keep_caption(self, called: str, file: str, caption: str) -> None:
        """A caption file, by its label without extension."""
        self._waiting.keep(self._dataset_id, f"beside:{plain(called)}", Kept(file, caption))

    def keep_mask(self, mask: Mask) -> None:
        """A mask file."""
        kept = Kept(mask.file, base64.b64encode(mask.data).decode())
        self._waiting.keep(self._dataset_id, f"mask:{plain(mask.called)}", kept)

    def keep_row(self, row: Caption) -> None:
        """A row of a table, under the name that it calls its picture and under that inside the table's folder."""
        called = _bare(row.called)
        folder = plain("/".join(parts_of(row.file)[:-1]))
        for place in {called, f"{folder}/{called}" if folder else called}:
            if row.caption is not None:
                self._waiting.keep(self._dataset_id, f"table:{place}", Kept(row.file, row.caption))
            if row.extras:
                self._waiting.keep(self._dataset_id, f"said:{place}", Kept(row.file, row.extras.text()))

    def caption(self, picture: Key) -> Kept | None:
        """The caption that waits for `picture`."""
        return self._find(f"beside:{'/'.join(picture)}", *_places("table", picture))

    def mask(self, picture: Key) -> KeptMask | None:
        """The mask that waits for `picture`."""
        kept = self._find(f"mask:{'/'.join(picture)}")
        try:
            return None if kept is None else KeptMask(kept.file, base64.b64decode(kept.caption, validate=True))
        except binascii.Error:
            return None

    def extras(self, picture: Key) -> Extras:
        """What a table that came before said of `picture` beside its caption."""
        kept = self._find(*_places("said", picture))
        return NOTHING if kept is None else extras_of_text(kept.caption)

    def _find(self, *keys: str) -> Kept | None:
        found = self._waiting.find(self._dataset_id, keys)
        if found is None:
            return None
        kept = found[1]  # under each name that a row was kept under
        self._used += [key for key in keys if self._waiting.find(self._dataset_id, (key,)) == (key, kept)]
        return kept


def _places(kind: str, picture: Key) -> tuple[str, str]:
    return f"{kind}:{'/'.join(picture)}", f"{kind}:{picture[-1]}"


def _bare(called: str) -> str:
    """What a row calls its picture, without extension and case."""
    parts = [part for part in called.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    path = plain("/".join(parts))
    stem, extension = split_extension(path)
    return stem if extension in PICTURE_EXTENSIONS else path

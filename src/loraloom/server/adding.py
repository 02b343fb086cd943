"""From what an upload holds to rows and blobs of a data set: pictures once each, captions to their pictures."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.intake import Caption, Item, Taken
from loraloom.data.labels import parts_of
from loraloom.data.layout import key_of, plain
from loraloom.data.metadata import Catalogue
from loraloom.data.names import split_extension
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote
from loraloom.store import datasets
from loraloom.store.blobs import Blobs
from loraloom.store.tables import Image
from loraloom.store.waiting import Kept, Waiting

LOCK = threading.Lock()
"""Held while pictures are added or removed, so that no blob goes between its writing and its row."""
MAX_NAME = 900
ORPHAN = "caption_without_picture"


class Adding:
    """What came of one upload so far. `add` is called with the lock held, inside a transaction."""

    def __init__(self, blobs: Blobs, waiting: Waiting, dataset_id: str, had: int = 0) -> None:
        self.added = self.duplicates = self.captions = 0
        self.notes: list[FileNote] = []
        self._blobs, self._waiting, self._dataset_id = blobs, waiting, dataset_id
        self._had = had
        """Pictures that an interrupted check of the same upload had added."""
        self._catalogue: Catalogue | None = None
        self._early: dict[str, int] = {}
        self._used: list[str] = []

    def add(self, session: Session, items: Sequence[Item]) -> None:
        """Store `items` in their order."""
        taken = [_fit(item.name) for item in items if isinstance(item, Taken)]
        datasets.solve_all(session, self._dataset_id, taken)
        for item in items:
            if isinstance(item, Taken):
                self._picture(session, item)
            elif isinstance(item, Caption):
                self._caption(session, item)
            else:
                self.notes.append(item.model_copy(update={"file": _fit(item.file)}))

    def settle(self) -> None:
        """Called when what was added is committed: captions that found their picture wait no longer."""
        while self._used:
            self._waiting.drop(self._dataset_id, self._used.pop())

    def finish(self) -> None:
        """Say how many rows of tables wait for their pictures."""
        for file, count in self._early.items():
            says = f"{count} of its rows name pictures that are not here yet; they are kept, and used when those come."
            self.notes.append(FileNote(file=file, reason="metadata_row", message=says))

    def _picture(self, session: Session, item: Taken) -> None:
        key = self._blobs.put(item.picture.data)
        self._blobs.keep_thumbnail(key, item.picture.thumbnail)
        caption = item.caption
        if caption is None:
            found = self._waiting.find(self._dataset_id, _keys(item.name))
            if found is not None:
                key_there, kept = found
                caption = kept.caption
                self._used.append(key_there)
                datasets.solve(session, self._dataset_id, kept.file, ORPHAN)
        row = Image(
            dataset_id=self._dataset_id,
            name=_fit(item.name),
            blob=key,
            width=item.picture.width,
            height=item.picture.height,
            bytes=len(item.picture.data),
            caption=caption,
        )
        _, new = datasets.add_image(session, row)
        self._catalogue = None
        self.captions += caption is not None
        if not new and self._had:
            new, self._had = True, self._had - 1
        self.added += new
        self.duplicates += not new

    def _caption(self, session: Session, item: Caption) -> None:
        image = self._named(session, item) if item.exact else self._called(session, item)
        if image is not None:
            image.caption = item.caption
            self.captions += 1
            datasets.solve(session, self._dataset_id, item.file, ORPHAN)
            return
        kept = Kept(item.file, item.caption)
        if item.exact:
            self._waiting.keep(self._dataset_id, f"beside:{plain(item.called)}", kept)
            says = "No picture of this name is here yet; the caption is kept, and used when the picture comes."
            self.notes.append(FileNote(file=item.file, reason=ORPHAN, message=says))
            return
        called = _bare(item.called)
        folder = "/".join(parts_of(item.file)[:-1])
        for place in {called, f"{plain(folder)}/{called}" if folder else called}:
            self._waiting.keep(self._dataset_id, f"table:{place}", kept)
        self._early[item.file] = self._early.get(item.file, 0) + 1

    def _named(self, session: Session, item: Caption) -> Image | None:
        """The picture beside which a caption file lies."""
        key = plain(item.called)
        found = datasets.named_like(session, self._dataset_id, item.called)
        return next((image for image in found if "/".join(key_of(parts_of(image.name))) == key), None)

    def _called(self, session: Session, item: Caption) -> Image | None:
        """The picture that a row of a table means."""
        if self._catalogue is None:
            names = datasets.names_of(session, self._dataset_id)
            self._catalogue = Catalogue([Found(Path(name), name, parts_of(name)) for name in names], Path("/"))
        name = self._catalogue.find(item.called, parts_of(item.file)[:-1])
        return None if name is None else datasets.by_name(session, self._dataset_id, name)


def _fit(name: str) -> str:
    """A label that is not too long for its column; of deep folders the inner ones stay."""
    return name if len(name) <= MAX_NAME else "…" + name[1 - MAX_NAME :]


def _keys(name: str) -> tuple[str, ...]:
    """Under what a caption of the picture labelled `name` may wait."""
    parts = key_of(parts_of(name))
    return f"beside:{'/'.join(parts)}", f"table:{'/'.join(parts)}", f"table:{parts[-1]}"


def _bare(called: str) -> str:
    """What a row calls its picture, without extension and case."""
    parts = [part for part in called.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    path = plain("/".join(parts))
    stem, extension = split_extension(path)
    return stem if extension in PICTURE_EXTENSIONS else path

"""From what an upload holds to rows and blobs of a data set: pictures once each, captions and masks to their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from loraloom.data.intake import Caption, Item, Mask, Taken
from loraloom.data.labels import parts_of
from loraloom.data.layout import key_of, plain
from loraloom.data.metadata import Catalogue
from loraloom.data.renew import renew_mask
from loraloom.data.walk import Found
from loraloom.server.early import Early
from loraloom.spec.dataset import FileNote
from loraloom.store import changes, datasets
from loraloom.store.blobs import Blobs
from loraloom.store.tables import Image
from loraloom.store.waiting import Waiting

AUTHOR = "import"
MAX_NAME = 900
ORPHAN = "caption_without_picture"


class Adding:
    """What came of one upload so far. `add` is called with the lock held, inside a transaction."""

    def __init__(self, blobs: Blobs, waiting: Waiting, dataset_id: str, had: int = 0) -> None:
        self.added = self.duplicates = self.captions = 0
        self.notes: list[FileNote] = []
        self._blobs, self._waiting, self._dataset_id = blobs, Early(waiting, dataset_id), dataset_id
        self._had = had
        """Pictures that an interrupted check of the same upload had added."""
        self._catalogue: Catalogue | None = None
        self._new: dict[str, Image] = {}
        self._wanted: dict[str, tuple[Image, dict[str, Any]]] = {}
        """What becomes of pictures that were there before."""
        self._early: dict[str, int] = {}

    def add(self, session: Session, items: Sequence[Item]) -> None:
        """Store `items` in their order. What they add is one change, what they say of pictures that were there another."""
        self._new, self._wanted = {}, {}
        taken = [_fit(item.name) for item in items if isinstance(item, Taken)]
        datasets.solve_all(session, self._dataset_id, taken)
        for item in items:
            if isinstance(item, Taken):
                self._picture(session, item)
            elif isinstance(item, Caption):
                self._caption(session, item)
            elif isinstance(item, Mask):
                self._mask(session, item)
            else:
                self.notes.append(item.model_copy(update={"file": _fit(item.file)}))
        session.flush()
        changes.record_added(session, self._dataset_id, AUTHOR, list(self._new.values()))
        fields = sorted({field for _, values in self._wanted.values() for field in values})
        wanted = list(self._wanted.values())
        changes.record(session, self._dataset_id, AUTHOR, "caption", {"fields": fields}, wanted)

    def settle(self) -> None:
        """Called when what was added is committed: what found its picture waits no longer."""
        self._waiting.settle()

    def finish(self) -> None:
        """Say how many rows of tables wait for their pictures."""
        for file, count in self._early.items():
            says = f"{count} of its rows name pictures that are not here yet; they are kept, and used when those come."
            self.notes.append(FileNote(file=file, reason="metadata_row", message=says))

    def _picture(self, session: Session, item: Taken) -> None:
        key = self._blobs.put(item.picture.data)
        self._blobs.keep_thumbnail(key, item.picture.thumbnail)
        parts = key_of(parts_of(item.name))
        caption, mask = item.caption, item.mask
        if caption is None:
            early = self._waiting.caption(parts)
            if early is not None:
                caption = early.caption
                datasets.solve(session, self._dataset_id, early.file, ORPHAN)
        if mask is None:
            early = self._waiting.mask(parts)
            if early is not None:
                mask = renew_mask(early.data, (item.picture.width, item.picture.height))
                datasets.solve(session, self._dataset_id, early.file, ORPHAN)
        extras = self._waiting.extras(parts)
        caption = caption or item.words
        crop = item.crop or extras.crop
        row = Image(
            dataset_id=self._dataset_id,
            name=_fit(item.name),
            blob=key,
            width=item.picture.width,
            height=item.picture.height,
            bytes=len(item.picture.data),
            caption=caption,
            author=AUTHOR if caption else None,
            version=0,
            repeats=extras.repeats or item.repeats,
            held_out=item.held_out if extras.held_out is None else extras.held_out,
            crop=list(crop) if crop else None,
            mask=self._blobs.put(mask) if mask else None,
            removed=False,
        )
        image, new = datasets.add_image(session, row)
        if new:
            self._new[image.id] = image
        else:  # the same picture again: it fills what is missing
            missing = {"caption": row.caption, "mask": row.mask}
            self._want(image, {key: value for key, value in missing.items() if value and not getattr(image, key)})
        self._catalogue = None
        self.captions += caption is not None
        if not new and self._had:
            new, self._had = True, self._had - 1
        self.added += new
        self.duplicates += not new

    def _caption(self, session: Session, item: Caption) -> None:
        image = self._named(session, item.called) if item.exact else self._called(session, item)
        if image is not None:
            self._want(image, _values(item))
            self.captions += item.caption is not None
            datasets.solve(session, self._dataset_id, item.file, ORPHAN)
        elif item.exact and item.caption is not None:
            self._waiting.keep_caption(item.called, item.file, item.caption)
            says = "No picture of this name is here yet; the caption is kept, and used when the picture comes."
            self.notes.append(FileNote(file=item.file, reason=ORPHAN, message=says))
        else:
            self._waiting.keep_row(item)
            self._early[item.file] = self._early.get(item.file, 0) + 1

    def _mask(self, session: Session, item: Mask) -> None:
        image = self._named(session, item.called)
        if image is None:
            self._waiting.keep_mask(item)
            says = "No picture of this name is here yet; the mask is kept, and used when the picture comes."
            self.notes.append(FileNote(file=item.file, reason=ORPHAN, message=says))
            return
        self._want(image, {"mask": self._blobs.put(renew_mask(item.data, (image.width, image.height)))})
        datasets.solve(session, self._dataset_id, item.file, ORPHAN)

    def _want(self, image: Image, values: dict[str, Any]) -> None:
        """Give `image` these values: at once when it came just now, else as a change that can be undone."""
        if image.id not in self._new:
            self._wanted.setdefault(image.id, (image, {}))[1].update(values)
            return
        for field, value in values.items():
            setattr(image, field, value)
        if "caption" in values:
            image.author = AUTHOR

    def _named(self, session: Session, called: str) -> Image | None:
        """The picture beside which a caption file or a mask lies."""
        key = plain(called)
        found = datasets.named_like(session, self._dataset_id, called)
        return next((image for image in found if "/".join(key_of(parts_of(image.name))) == key), None)

    def _called(self, session: Session, item: Caption) -> Image | None:
        """The picture that a row of a table means."""
        if self._catalogue is None:
            names = datasets.names_of(session, self._dataset_id)
            self._catalogue = Catalogue([Found(Path(name), name, parts_of(name)) for name in names], Path("/"))
        name = self._catalogue.find(item.called, parts_of(item.file)[:-1])
        return None if name is None else datasets.by_name(session, self._dataset_id, name)


def _values(item: Caption) -> dict[str, Any]:
    """What `item` says, by column."""
    extras = item.extras
    said: dict[str, Any] = {"caption": item.caption, "repeats": extras.repeats, "held_out": extras.held_out}
    said["crop"] = list(extras.crop) if extras.crop else None
    return {column: value for column, value in said.items() if value is not None}


def _fit(name: str) -> str:
    """A label that is not too long for its column; of deep folders the inner ones stay."""
    return name if len(name) <= MAX_NAME else "…" + name[1 - MAX_NAME :]

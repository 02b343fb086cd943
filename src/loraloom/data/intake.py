"""Taking in an uploaded file nobody vouches for: what of it is a picture, a mask or a caption, and why the rest is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from loraloom.data.archive import digest, unpack
from loraloom.data.contents import Contents, Said
from loraloom.data.directory import check_directory
from loraloom.data.files import read_regular
from loraloom.data.items import Caption as Caption
from loraloom.data.items import Item as Item
from loraloom.data.items import Mask as Mask
from loraloom.data.items import Taken as Taken
from loraloom.data.labels import label, parts_of
from loraloom.data.layout import key_of
from loraloom.data.limits import MAX_PICTURE_BYTES
from loraloom.data.lone import MAX_CAPTION as MAX_CAPTION
from loraloom.data.lone import clean as clean
from loraloom.data.lone import join, lone_caption, lone_mask, lone_picture, read_picture, table
from loraloom.data.refusal import Refused
from loraloom.data.renew import renew_mask
from loraloom.data.suspects import kind_of
from loraloom.data.walk import Found, walk
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_AHEAD = 2


def take_in(path: Path, filename: str, scratch: Path) -> Iterator[Item]:
    """What the uploaded file at `path`, or the folder there, holds, one by one; a person called it `filename`.

    Nothing is written but an unpacked zip, inside `scratch`. Raises LoomError `disk_full`, `not_writable`; whatever is
    wrong with the file itself becomes a FileNote.
    """
    name = label(filename)
    try:
        if path.is_dir():
            yield from _folder(path, [])
            return
        kind = kind_of(path, name)
        if kind == "picture":
            yield from lone_picture(Found(path, name, parts_of(name)))
        elif kind == "mask":
            yield from lone_mask(Found(path, name, parts_of(name)))
        elif kind == "caption":
            yield from lone_caption(Found(path, name, parts_of(name)))
        elif kind == "table":
            yield from table(Found(path, name, parts_of(name)))
        else:
            check_directory(path)
            yield from _zip(path, name, scratch)
    except Refused as refused:
        yield refused.note(name)
    except OSError as error:
        says = f"Cannot be read ({error.strerror or type(error).__name__}); upload it again."
        yield Refused("unreadable", says).note(name)


def _said_picture(found: Found, said: Said, mask: Found | None) -> Iterator[Item]:
    """The picture with all that other files say of it."""
    for item in read_picture(found):
        if not isinstance(item, Taken):
            yield item
            continue
        picture = item.picture
        data, notes = (None, []) if mask is None else _mask(mask, (picture.width, picture.height))
        yield replace(
            item,
            name=label(said.original_name, again=True) if said.original_name else item.name,
            caption=join(said.captions),
            repeats=said.repeats or 1,
            held_out=said.held_out,
            crop=said.crop,
            mask=data,
        )
        yield from notes


def _mask(found: Found, size: tuple[int, int]) -> tuple[bytes | None, list[FileNote]]:
    try:
        return renew_mask(read_regular(found.path, MAX_PICTURE_BYTES), size), []
    except Refused as refused:
        says = refused.message
    except Exception as error:  # as for pictures
        says = f"Cannot be read ({type(error).__name__}); save it again from its source."
    message = f"{says} The picture was taken without its mask."
    return None, [FileNote(file=found.name, reason="mask_unreadable", message=message)]


def _zip(path: Path, name: str, scratch: Path) -> Iterator[Item]:
    try:
        root, skipped = unpack(path, scratch, digest(path))
    except LoomError as error:
        if error.code not in ("archive_refused", "dataset_unreadable"):
            raise
        says = f"{error.message} {error.hint}".replace(path.name, name.rsplit("/", 1)[-1])
        raise Refused("archive", says) from error
    yield from _folder(root, skipped)


def _folder(root: Path, skipped: list[FileNote]) -> Iterator[Item]:
    found, unwalked = walk(root)
    contents = Contents(found, root)
    yield from [*skipped, *unwalked, *contents.notes]

    def one(picture: Found) -> list[Item]:
        try:
            contents.check(picture)
        except Refused as refused:
            return [refused.note(picture.name)]
        said = contents.of(picture)
        notes = (note for note in said.notes if note.reason != "no_caption")
        return [*_said_picture(picture, said, contents.mask_of(picture)), *notes]

    for items in _ahead(one, contents.layout.pictures):
        yield from items
    held = {key_of(picture.parts) for picture in contents.layout.pictures}
    for key, files in contents.layout.captions.items():
        if key not in held:
            yield from _guarded(lone_caption, files[0])
    for key, mask in contents.layout.masks.items():
        if key not in held:
            yield from _guarded(lone_mask, mask)
    yield from (note for note in contents.leftovers()[1] if note.reason != "mask")


def _guarded(read: Callable[[Found], Iterator[Item]], found: Found) -> Iterator[Item]:
    try:
        yield from read(found)
    except Refused as refused:
        yield refused.note(found.name)


def _ahead(work: Callable[[Found], list[Item]], things: Iterable[Found]) -> Iterator[list[Item]]:
    """`work` of each thing, in order, on a few threads that never run further ahead than they are many."""
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="intake")
    waiting: deque[Future[list[Item]]] = deque()
    try:
        for thing in things:
            waiting.append(pool.submit(work, thing))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)

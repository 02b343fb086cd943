"""Taking in an uploaded file nobody vouches for: what of it is a picture or a caption, and why the rest is not taken."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from loraloom.data.archive import digest, unpack
from loraloom.data.captioning import captions_of, gather_metadata
from loraloom.data.directory import check_directory
from loraloom.data.files import read_regular
from loraloom.data.kohya import Concepts
from loraloom.data.labels import label, parts_of
from loraloom.data.layout import arrange, key_of
from loraloom.data.leftovers import leftovers
from loraloom.data.limits import MAX_PICTURE_BYTES, MAX_TABLE_BYTES, MAX_TEXT_BYTES
from loraloom.data.names import split_extension
from loraloom.data.refusal import Refused
from loraloom.data.renew import Renewed, renew
from loraloom.data.rows import BadRow, read_rows
from loraloom.data.suspects import kind_of
from loraloom.data.texts import decode_text, lines_of
from loraloom.data.walk import Found, walk
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

MAX_CAPTION = 20_000
"""Characters of one picture's caption, all its lines together."""
_AHEAD = 2
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Taken:
    """A picture to store under the label `name`; `caption` holds its alternatives, a line each, or None."""

    name: str
    picture: Renewed
    caption: str | None = None


@dataclass(frozen=True)
class Caption:
    """A caption that came without its picture. `called` is how it calls it: a label (`exact`: without its extension),
    or what a table says; `file` is the label of the file it stands in."""

    file: str
    called: str
    caption: str
    exact: bool


Item = Taken | Caption | FileNote
"""A picture, a lone caption, or a note: why a file was not taken, or a remark about one that was."""


def take_in(path: Path, filename: str, scratch: Path) -> Iterator[Item]:
    """What the uploaded file at `path` holds, one by one; a person called it `filename`.

    Nothing is written but an unpacked zip, inside `scratch`. Raises LoomError `disk_full`, `not_writable`; whatever is
    wrong with the file itself becomes a FileNote.
    """
    name = label(filename)
    try:
        kind = kind_of(path, name)
        if kind == "picture":
            yield from _picture(Found(path, name, parts_of(name)), None)
        elif kind == "caption":
            yield from _lone_caption(Found(path, name, parts_of(name)))
        elif kind == "table":
            yield from _table(Found(path, name, parts_of(name)))
        else:
            check_directory(path)
            yield from _zip(path, name, scratch)
    except Refused as refused:
        yield refused.note(name)
    except OSError as error:
        says = f"Cannot be read ({error.strerror or type(error).__name__}); upload it again."
        yield Refused("unreadable", says).note(name)


def _picture(found: Found, caption: str | None) -> Iterator[Item]:
    try:
        renewed = renew(read_regular(found.path, MAX_PICTURE_BYTES))
    except Refused as refused:
        yield refused.note(found.name)
        return
    except Exception as error:  # a picture that trips a decoder in a new way is reported, and the others go on
        says = f"Cannot be read ({type(error).__name__}); save it again from its source."
        yield Refused("unreadable", says).note(found.name)
        return
    yield Taken(found.name, renewed, caption)
    for reason, message in renewed.remarks:
        yield FileNote(file=found.name, reason=reason, message=message)


def _lone_caption(found: Found) -> Iterator[Item]:
    text = _text(found.path, MAX_TEXT_BYTES)
    caption = join(lines_of(text))
    if caption is None:
        says = "The caption is empty; write one or remove the file."
        yield FileNote(file=found.name, reason="empty_caption", message=says)
    else:
        yield Caption(found.name, split_extension(found.name)[0], caption, exact=True)


def _table(found: Found) -> Iterator[Item]:
    bad = 0
    for row in read_rows(_text(found.path, MAX_TABLE_BYTES), split_extension(found.parts[-1])[1].lower()):
        if isinstance(row, BadRow):
            bad += 1
            if bad <= 5:
                yield FileNote(file=found.name, reason="metadata_row", message=f"{row.place}: {row.problem}.")
        elif caption := join(row.captions):
            yield Caption(found.name, clean(row.file), caption, exact=False)
    if bad > 5:
        yield FileNote(file=found.name, reason="metadata_row", message=f"and {bad - 5} more rows like these.")


def _zip(path: Path, name: str, scratch: Path) -> Iterator[Item]:
    try:
        root, skipped = unpack(path, scratch, digest(path))
    except LoomError as error:
        if error.code not in ("archive_refused", "dataset_unreadable"):
            raise
        says = f"{error.message} {error.hint}".replace(path.name, name.rsplit("/", 1)[-1])
        raise Refused("archive", says) from error
    found, unwalked = walk(root)
    layout = arrange(found)
    metadata = gather_metadata(layout, None, root)
    concepts = Concepts(layout.pictures)
    yield from [*skipped, *unwalked, *metadata.notes, *concepts.notes]

    def one(picture: Found) -> list[Item]:
        try:
            concepts.check(picture)
        except Refused as refused:
            return [refused.note(picture.name)]
        captions, notes = captions_of(picture, layout, metadata, concepts.of(picture))
        return [*_picture(picture, join(captions)), *(note for note in notes if note.reason != "no_caption")]

    for items in _ahead(one, layout.pictures):
        yield from items
    held = {key_of(picture.parts) for picture in layout.pictures}
    for key, files in layout.captions.items():
        if key not in held:
            yield from _guarded(_lone_caption, files[0])
    yield from leftovers(layout, metadata)[1]


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


def _text(path: Path, limit: int) -> str:
    decoded = decode_text(read_regular(path, limit))
    if decoded is None:
        raise Refused("not_a_picture", "Holds no text, so it cannot be a caption; save it as UTF-8.")
    return decoded.text


def join(captions: tuple[str, ...]) -> str | None:
    """The alternatives of a caption as one text, a line each; None when there are none."""
    return clean("\n".join(captions))[:MAX_CAPTION].strip() or None


def clean(text: str) -> str:
    """`text` without what no database takes: control characters and halves of characters, which JSON can spell."""
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode())

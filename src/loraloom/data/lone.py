"""Reading the files of an upload one by one: a picture, a mask, a caption, a table, each without the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from loraloom.data.decode import decode
from loraloom.data.files import read_regular
from loraloom.data.items import Caption, Item, Mask, Taken
from loraloom.data.kohya import concept_above
from loraloom.data.layout import MASK_SUFFIX
from loraloom.data.limits import MAX_PICTURE_BYTES, MAX_TABLE_BYTES, MAX_TEXT_BYTES
from loraloom.data.names import split_extension
from loraloom.data.pixels import upright
from loraloom.data.refusal import Refused
from loraloom.data.renew import renew, renew_mask
from loraloom.data.rows import BadRow, read_rows
from loraloom.data.texts import decode_text, lines_of
from loraloom.data.walk import Found
from loraloom.spec.dataset import FileNote

MAX_CAPTION = 20_000
"""Characters of one picture's caption, all its lines together."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def lone_picture(found: Found) -> Iterator[Item]:
    """A picture whose folder's name may say repeats and words, as it does in a folder that is read whole. Raises Refused for
    one that is switched off."""
    concept, held_out = concept_above(found)
    if concept is not None and concept.repeats == 0:
        raise Refused("switched_off", "Its folder's name says 0 repeats; rename the folder to use it.")
    for item in read_picture(found):
        if isinstance(item, Taken):
            repeats, words = (1, None) if concept is None else (concept.repeats, clean(concept.words) or None)
            item = replace(item, repeats=repeats, words=words, held_out=held_out)
        yield item


def read_picture(found: Found) -> Iterator[Item]:
    """The picture alone, with remarks."""
    try:
        renewed = renew(read_regular(found.path, MAX_PICTURE_BYTES))
    except Refused as refused:
        yield refused.note(found.name)
        return
    except Exception as error:  # a picture that trips a decoder in a new way is reported, and the others go on
        says = f"Cannot be read ({type(error).__name__}); save it again from its source."
        yield Refused("unreadable", says).note(found.name)
        return
    yield Taken(found.name, renewed)
    for reason, message in renewed.remarks:
        yield FileNote(file=found.name, reason=reason, message=message)


def lone_mask(found: Found) -> Iterator[Item]:
    """Raises Refused for what cannot be read."""
    data = read_regular(found.path, MAX_PICTURE_BYTES)
    try:
        mask = renew_mask(data, upright(decode(data)).size)
    except Refused:
        raise
    except Exception as error:
        says = f"Cannot be read ({type(error).__name__}); save it again from its source."
        raise Refused("unreadable", says) from error
    stem = split_extension(found.name)[0]
    yield Mask(found.name, stem[: -len(MASK_SUFFIX)], mask)


def lone_caption(found: Found) -> Iterator[Item]:
    """A caption file. Raises Refused for what holds no text."""
    text = _text(found.path, MAX_TEXT_BYTES)
    caption = join(lines_of(text))
    if caption is None:
        says = "The caption is empty; write one or remove the file."
        yield FileNote(file=found.name, reason="empty_caption", message=says)
    else:
        yield Caption(found.name, split_extension(found.name)[0], caption, exact=True)


def table(found: Found) -> Iterator[Item]:
    """A metadata file, a row after the other. Raises Refused for what holds no text."""
    bad = 0
    for row in read_rows(_text(found.path, MAX_TABLE_BYTES), split_extension(found.parts[-1])[1].lower()):
        if isinstance(row, BadRow):
            bad += 1
            if bad <= 5:
                yield FileNote(file=found.name, reason="metadata_row", message=f"{row.place}: {row.problem}.")
            continue
        for problem in row.problems[: max(0, 5 - bad)]:
            yield FileNote(file=found.name, reason="metadata_row", message=f"{row.place}: {problem}.")
        bad += len(row.problems)
        caption = join(row.captions or ())
        if caption or row.extras:
            yield Caption(found.name, clean(row.file), caption, exact=False, extras=row.extras)
    if bad > 5:
        yield FileNote(file=found.name, reason="metadata_row", message=f"and {bad - 5} more rows like these.")


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

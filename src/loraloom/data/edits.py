"""Edits of captions as pure functions. Tags are what stands between commas, full-width ones too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import regex

from loraloom.spec.editing import (
    AddTags,
    CaptionEdit,
    DedupeTags,
    FullWidth,
    Prefix,
    RemoveTags,
    RenameTag,
    Replace,
    SetCaption,
    SortTags,
    Suffix,
    Trigger,
)
from loraloom.spec.errors import LoomError

COMMAS = re.compile("[,，、]")
SECONDS = 0.5
"""That a pattern may take for one caption: one that backtracks without end is stopped, not waited for."""

Change = Callable[[str], str]


def tags_of(caption: str) -> list[str]:
    """The tags of `caption` as they are written, without the empty ones."""
    return [tag for part in COMMAS.split(caption) if (tag := part.strip())]


def joined(tags: Iterable[str]) -> str:
    """Tags as a caption."""
    return ", ".join(tags)


def same(tag: str) -> str:
    """What tags are compared by: case, underscores and runs of spaces do not matter."""
    return " ".join(tag.replace("_", " ").split()).casefold()


def change_of(edit: CaptionEdit) -> Change:
    """The function that `edit` asks for; it returns a caption that needs no change as it is.

    Raises LoomError `pattern_invalid` for a regular expression that is none, and the function raises it for one that takes
    too long.
    """
    match edit:
        case Replace(whole_tag=True):
            return lambda caption: _renamed(caption, edit.find, edit.put)
        case Replace():
            return _replacing(edit)
        case Prefix():
            return lambda caption: caption if caption.startswith(edit.text) else edit.text + caption
        case Suffix():
            return lambda caption: caption if caption.endswith(edit.text) else caption + edit.text
        case Trigger():
            return lambda caption: _led_by(caption, edit.text)
        case AddTags():
            return lambda caption: _with(caption, edit.tags, first=edit.at == "start")
        case RemoveTags():
            gone = frozenset(map(same, edit.tags))
            return lambda caption: _kept(caption, lambda tag: same(tag) not in gone)
        case RenameTag():
            return lambda caption: _renamed(caption, edit.old, edit.new)
        case SortTags():
            return lambda caption: _unless(caption, sorted(tags_of(caption), key=same))
        case DedupeTags():
            return lambda caption: _unless(caption, _once(tags_of(caption)))
        case FullWidth():
            return lambda caption: joined(tags_of(caption)) if re.search("[，、]", caption) else caption
        case SetCaption():
            return lambda _: edit.caption


def _replacing(edit: Replace) -> Change:
    flags = regex.VERSION0 if edit.case else regex.VERSION0 | regex.IGNORECASE
    pattern = edit.find if edit.regex else regex.escape(edit.find)
    try:
        compiled = regex.compile(pattern, flags)
        compiled.sub(edit.put if edit.regex else "", "")
    except (regex.error, IndexError) as error:
        raise LoomError(
            "pattern_invalid", f"This pattern cannot be read: {error}.", "Search for plain text."
        ) from error

    def change(caption: str) -> str:
        try:
            if not edit.regex:
                return compiled.sub(lambda _: edit.put, caption, timeout=SECONDS)
            return compiled.sub(edit.put, caption, timeout=SECONDS)
        except TimeoutError as error:
            says = f"The pattern takes too long for a caption such as {caption[:60]!r}."
            raise LoomError("pattern_invalid", says, "Use fewer nested `*` and `+`, or plain text.") from error
        except (regex.error, IndexError) as error:
            raise LoomError(
                "pattern_invalid", f"The replacement cannot be used: {error}.", "Name groups as \\1."
            ) from error

    return change


def _unless(caption: str, tags: list[str]) -> str:
    """`tags` as a caption, unless they are those of `caption` already."""
    return caption if tags == tags_of(caption) else joined(tags)


def _kept(caption: str, wanted: Callable[[str], bool]) -> str:
    return _unless(caption, [tag for tag in tags_of(caption) if wanted(tag)])


def _once(tags: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(same(tag), tag)
    return list(first.values())


def _led_by(caption: str, trigger: str) -> str:
    rest = [tag for tag in tags_of(caption) if same(tag) != same(trigger)]
    return _unless(caption, [trigger, *rest])


def _with(caption: str, tags: list[str], first: bool) -> str:
    there = tags_of(caption)
    known = set(map(same, there))
    new = [tag for tag in _once(tags) if same(tag) not in known]
    return _unless(caption, [*new, *there] if first else [*there, *new])


def _renamed(caption: str, old: str, new: str) -> str:
    there = tags_of(caption)
    if same(old) not in map(same, there):
        return caption
    changed = [new if same(tag) == same(old) else tag for tag in there]
    return joined(_once(tag for tag in changed if tag.strip()))

"""What a browser calls a file, made into a label: folders with forward slashes, never a path to anywhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from loraloom.data.names import printable, split_extension

MAX_PARTS = 8
MAX_STEM = 80
"""Longest part of a label without its extension, in characters."""
_DRIVE = re.compile(r"[A-Za-z]:")


def label(filename: str, again: bool = False) -> str:
    """`filename` as a label: no `..`, no drive, no control or direction characters, at most 900 characters.

    The name and its last folders stay: `C:\\fakepath\\a.png`, `../../a.png` and `a.png` are all `a.png` of some folder.
    `again`: it was a label once, and what escapes it has stay.
    """
    text = unicodedata.normalize("NFC", filename.encode("utf-8", "replace").decode())
    text = text if again else text.replace("\\", "/")
    text = _DRIVE.sub("", text, count=1) if _DRIVE.match(text) else text
    parts = [part.strip() for part in text.split("/")]
    longest = MAX_STEM + 7 if again else MAX_STEM
    kept = [_short(printable(part), longest) for part in parts if part.strip(".")][-MAX_PARTS:]
    return "/".join(kept) or "unnamed"


def parts_of(name: str) -> tuple[str, ...]:
    """The folders and the file name of a label."""
    return tuple(name.split("/"))


def _short(part: str, longest: int) -> str:
    """A picture and its caption keep the same stem. Seven letters take the place of what is cut off."""
    stem, extension = split_extension(part)
    if len(extension) > 16:
        stem, extension = part, ""
    if len(stem) <= longest:
        return part
    return f"{stem[:MAX_STEM]}…{hashlib.sha256(stem.encode()).hexdigest()[:6]}{extension}"

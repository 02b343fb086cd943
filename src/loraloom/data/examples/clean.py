"""Text as it is kept: without characters that databases, tokenizers or templates cannot hold."""

from __future__ import annotations

import re

_WRONG = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_HALVES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` with lines that end in one way, without control characters; halves of characters become the sign for one that
    is missing."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not _WRONG.search(text):
        return text
    return _WRONG.sub("", _HALVES.sub("\ufffd", text))

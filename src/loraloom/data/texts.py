"""Reading text that people saved in whatever encoding their editor had: UTF-8, UTF-16, GBK, Windows-1252."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_LONE_HIGH = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Text:
    """Decoded text; `guessed` names the encoding when the file did not say it and was not UTF-8."""

    text: str
    guessed: str | None = None


def decode_text(data: bytes) -> Text | None:
    """The text in `data` without its byte order mark and control characters; None when it is no text at all."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return Text(_clean(data[len(mark) :].decode(encoding, "replace")))
    if b"\x00" in data:
        return None
    try:
        return Text(_clean(data.decode("utf-8")))
    except UnicodeDecodeError:
        encoding = _guess(data)
        return Text(_clean(data.decode(encoding, "replace")), encoding.upper())


def _guess(data: bytes) -> str:
    """GBK when the bytes above 127 come in pairs, as Chinese does; Windows-1252 when they stand alone, as accents do."""
    if 2 * len(_LONE_HIGH.findall(data)) > len(_HIGH.findall(data)):
        return "cp1252"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "cp1252"
    return "gbk" if _fits(data, "gbk") else "gb18030"


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of `text` that say something, trimmed: the alternatives of a caption."""
    return tuple(line for line in (raw.strip() for raw in text.splitlines()) if line)

"""Where a picture ends inside its file, so that what somebody hung behind it is seen: a second file in the same bytes."""

from __future__ import annotations

import re

from loraloom.data.refusal import Refused

MAX_SCANS = 200
"""Scans of one JPEG: encoders write about ten; thousands are a way to keep a processor busy for hours."""

_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_ZIP_END, _ZIP_END_WITHIN = b"PK\x05\x06", 65_557
_PHONES = (b"\xff\xd8\xff", b"ftyp", b"SEFH")
"""What a phone hangs behind a photograph: another JPEG, a video, Samsung's notes."""
_SECOND_FILES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"%PDF-\d"), "a PDF"),
    (re.compile(rb"<\?php", re.IGNORECASE), "a PHP script"),
    (re.compile(rb"<(?:script|html|!doctype html|svg|iframe|body)[\s>]", re.IGNORECASE), "a web page"),
    (re.compile(rb"\A\s*#!"), "a script"),
    (re.compile(rb"\A\x7fELF"), "a Linux program"),
    (re.compile(rb"\AMZ.{58}", re.DOTALL), "a Windows program"),
    (re.compile(rb"\ARar!|\A7z\xbc\xaf|\A\x1f\x8b\x08"), "an archive"),
)


def check_tail(data: bytes, name: str) -> bool:
    """Whether something odd hangs behind the picture, of Pillow's format `name`. Raises Refused `polyglot`, `bomb`.

    Harmless tails are common (padding, a phone's video or depth map) and go when the picture is written again.
    """
    if data[:1024].find(b"%PDF-") >= 0:
        raise _two_files("a PDF")
    end = _end(data, name)
    if end is None or end >= len(data):
        return False
    if data.rfind(_ZIP_END, max(end, len(data) - _ZIP_END_WITHIN)) >= 0:
        raise _two_files("a zip archive")
    tail = data[end:]
    for pattern, words in _SECOND_FILES:
        if pattern.search(tail):
            raise _two_files(words)
    return len(tail.strip(b"\x00\r\n ")) > 16 and not any(mark in tail for mark in _PHONES)


def _two_files(words: str) -> Refused:
    says = f"Is a picture and {words} in one file; open it in an image editor, export it as PNG, and upload that."
    return Refused("polyglot", says)


def _end(data: bytes, name: str) -> int | None:
    """Offset behind the picture; None when the format does not say."""
    if name == "PNG":
        return _png_end(data)
    if name == "JPEG":
        return _jpeg_end(data)
    if name == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8
    if name == "GIF":
        return _gif_end(data)
    if name == "BMP":
        return int.from_bytes(data[2:6], "little") or None
    return _boxes_end(data) if data[4:8] in (b"ftyp", b"JXL ") else None


def _png_end(data: bytes) -> int | None:
    at = 8
    while at + 12 <= len(data):
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return at
    return None


def _jpeg_end(data: bytes) -> int | None:
    """Segment by segment (ITU-T T.81, B.1); inside a scan, to the next marker that is not stuffing or a restart."""
    at, scans = 2, 0
    while found := _NEXT_MARKER.search(data, at):
        marker, at = data[found.end() - 1], found.end()
        if marker == 0xD9:
            return at
        if marker in (0x01, 0xD8):
            continue
        scans += marker == 0xDA
        if scans > MAX_SCANS:
            says = f"Is stored in more than {MAX_SCANS} passes, which takes for ever to open; save it as a plain JPEG."
            raise Refused("bomb", says)
        at += int.from_bytes(data[at : at + 2], "big")
    return None


def _gif_end(data: bytes) -> int | None:
    """Block by block (GIF89a, appendix B)."""
    if len(data) < 13:
        return None
    at = 13 + _colours(data[10])
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x2C and at + 10 <= len(data):
            at += 11 + _colours(data[at + 9])
        elif kind == 0x21:
            at += 2
        else:
            return None
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return None


def _colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _boxes_end(data: bytes) -> int | None:
    """Boxes of ISO/IEC 14496-12 as far as they go."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8 or not all(32 <= byte < 127 for byte in data[at + 4 : at + 8]):
            return None if size == 0 else at
        at += size
    return at

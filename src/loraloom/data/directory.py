"""How large a zip's table of contents is, asked before `zipfile` reads it whole into memory."""

from __future__ import annotations

from pathlib import Path

from loraloom.data.limits import ARCHIVE
from loraloom.data.refusal import Refused

_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_TAIL = 65_557 + 20
MAX_DIRECTORY = 32 * 2**20
"""Bytes of the table of contents: 300 for each of the files that a zip may hold."""


def check_directory(path: Path) -> None:
    """Raises Refused `archive` when the zip at `path` lists more than may be unpacked (APPNOTE.TXT 4.3.14, 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or at + 22 > len(tail):
            raise Refused("archive", "The zip is damaged or was cut off; zip the folder again.")
        count, length = _number(tail, at + 10, 2), _number(tail, at + 12, 4)
        locator = at - 20
        if locator >= 0 and tail[locator : locator + 4] == _LOCATOR64:
            file.seek(min(_number(tail, locator + 8, 8), size))
            record = file.read(56)
            if record[:4] == _END64:
                count, length = _number(record, 32, 8), _number(record, 40, 8)
    if count > ARCHIVE.files or length > MAX_DIRECTORY:
        raise Refused("archive", f"Lists more than the limit of {ARCHIVE.files:,} files; split it into smaller zips.")


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")

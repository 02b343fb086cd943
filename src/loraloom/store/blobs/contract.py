"""What every place for blobs can do, and how a file is cut into parts on its way there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

KEY = re.compile(r"[0-9a-f]{64}")
GRACE = 3600.0
"""Seconds for which a blob is young after it was put: longer than anybody needs from there to the commit that names it."""
UNFINISHED = 86400.0
"""Seconds after which an upload in parts that does not go on is given up."""
PART_BYTES = 16 * 2**20
MOST_PARTS = 1000


@dataclass(frozen=True)
class Parts:
    """How a file is uploaded: in parts of `part_bytes`, the last one what is left. An empty file is one empty part."""

    upload_id: str
    part_bytes: int
    urls: tuple[str, ...]
    """Addresses to PUT the parts to, in order. Empty: they go through the server (`Blobs.take_part`)."""


class Blobs(Protocol):
    """Where files lie by content. A key is the SHA-256 of a file's bytes, hex; what is no key raises ValueError.

    Whoever writes a key into the database puts the file first (`put`, `begin`, `complete`, or `renew`), even if it is there:
    that makes it young, and `sweep` deletes nothing young. A file is then either named by the time somebody looks, or young.
    """

    def put(self, content: bytes | Path) -> str:
        """Store `content`, or make what is there already young. Returns its key."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is such a file."""
        ...

    def path(self, key: str) -> Path:
        """The file on this machine, to be read and never written; it stays for an hour at least, and hard links for ever.

        Where blobs lie elsewhere it is fetched first. Raises FileNotFoundError there; a folder says where it would lie.
        """
        ...

    def size(self, key: str) -> int:
        """Its bytes. Raises FileNotFoundError."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The file, for reading. Raises FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Remove the file and what was made from it; one that is gone already is no error."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key."""
        ...

    def total(self) -> tuple[int, int]:
        """Bytes and files of all blobs together, thumbnails and unfinished uploads included where that costs nothing."""
        ...

    def renew(self, key: str) -> bool:
        """Make a blob young whose bytes nobody has at hand. False: it is not there, and has to be put."""
        ...

    def keep_thumbnail(self, key: str, data: bytes) -> None:
        """Remember the small picture of `key`."""
        ...

    def thumbnail(self, key: str) -> bytes | None:
        """The small picture of `key`, when it was kept."""
        ...

    def begin(self, key: str, size: int) -> Parts | None:
        """How to upload the file of `size` bytes; None: it is there already, and young again.

        Asked again, an unfinished upload goes on where its parts are still there.
        """
        ...

    def take_part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """Store part `number` (from 1), again if it was there; returns its MD5, hex.

        Raises LoomError `upload_not_found` for an upload that was given up, `upload_refused` for a part of a wrong length.
        """
        ...

    def complete(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """Join the parts, whose MD5s the uploader counted as `etags`; done already is no error.

        Raises LoomError `checksum_mismatch` when they are not the bytes that were sent (the upload is given up),
        `upload_not_found` while a part is missing (what is there stays).
        """
        ...

    def link(self, key: str, seconds: int) -> str | None:
        """An address to GET the file from for `seconds`; None where files go through the server."""
        ...

    def garbage(self, used: Collection[str], older_than: float = GRACE) -> Iterator[str]:
        """Keys that are not in `used` and were last put more than `older_than` seconds ago."""
        ...

    def sweep(self, used: Collection[str], older_than: float = GRACE) -> int:
        """Delete the garbage, and uploads and writes that were never finished. Returns the bytes that were freed.

        A file that is put while it is deleted stays, or is written anew by whoever puts it.
        """
        ...


def check(key: str) -> str:
    """`key`. Raises ValueError for what is no key."""
    if not KEY.fullmatch(key):
        raise ValueError("not a key of a blob")
    return key


def part_bytes(size: int) -> int:
    """Bytes of a part of a file of `size` bytes: 16 MiB, or whole MiB for at most a thousand parts (S3 allows 10,000)."""
    return max(PART_BYTES, -(-size // (MOST_PARTS * 2**20)) * 2**20)


def part_count(size: int) -> int:
    """Number of its parts, at least one."""
    return max(1, -(-size // part_bytes(size)))

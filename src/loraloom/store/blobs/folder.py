"""Blobs in a folder of this machine."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from loraloom.store.blobs.contract import GRACE, KEY, UNFINISHED, Parts, check, part_bytes, part_count
from loraloom.store.blobs.files import bytes_of, chunks, digest, remove, write, writing
from loraloom.store.blobs.uploads import lost, mismatch, missing, plain, read_size, refuse

PARTS = "parts"
GOING = ".going"


class FolderBlobs:
    """Blobs as `ab/cd/abcd...`, thumbnails beside them as `abcd....webp`, parts of uploads under `parts/`. Files are
    read-only, so that a hard link in a run folder is not altered by accident."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the file lies, or would. Raises ValueError for what is no key."""
        return self.root / check(key)[:2] / key[2:4] / key

    def put(self, content: bytes | Path) -> str:
        """See `Blobs.put`."""
        key = digest(content)
        if not self.renew(key):
            write(self.path(key), content)
        return key

    def has(self, key: str) -> bool:
        """See `Blobs.has`."""
        return self.path(key).is_file()

    def size(self, key: str) -> int:
        """See `Blobs.size`."""
        return self.path(key).stat().st_size

    def open(self, key: str) -> BinaryIO:
        """See `Blobs.open`."""
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        remove(self.path(key))
        remove(self._small(key))

    def keys(self) -> Iterator[str]:
        """See `Blobs.keys`."""
        for path in self.root.glob("??/??/*"):
            if KEY.fullmatch(path.name):
                yield path.name

    def total(self) -> tuple[int, int]:
        """See `Blobs.total`."""
        sizes = [bytes_of(path) for path in self.root.rglob("*") if path.is_file()]
        return sum(sizes), len(sizes)

    def keep_thumbnail(self, key: str, data: bytes) -> None:
        """See `Blobs.keep_thumbnail`."""
        if not self._small(key).is_file():
            write(self._small(key), data, sync=False)

    def thumbnail(self, key: str) -> bytes | None:
        """See `Blobs.thumbnail`."""
        try:
            return self._small(key).read_bytes()
        except FileNotFoundError:
            return None

    def begin(self, key: str, size: int) -> Parts | None:
        """The same upload for the same key and size: its parts are taken over. See `Blobs.begin`."""
        return None if self.renew(key) else Parts(f"{key}-{size}", part_bytes(size), ())

    def take_part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """See `Blobs.take_part`."""
        size = read_size(key, upload_id)
        count, whole = part_count(size), part_bytes(size)
        if not 1 <= number <= count or len(data) != (whole if number < count else size - whole * (count - 1)):
            raise refuse(number)
        write(self._part(upload_id, number), data)
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def complete(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """The MD5 of every part and the SHA-256 of the whole are checked. See `Blobs.complete`."""
        count = part_count(read_size(key, upload_id))
        if not self.renew(key):
            try:
                self._join(key, upload_id, count, etags)
            except ValueError:
                self._give_up(upload_id)
                raise mismatch(key) from None
            except FileNotFoundError:  # somebody else who sends the same file was faster
                if not self.renew(key):
                    raise lost() from None
        self._give_up(upload_id)

    def link(self, key: str, seconds: int) -> str | None:
        """None. See `Blobs.link`."""
        return None

    def garbage(self, used: Collection[str], older_than: float = GRACE) -> Iterator[str]:
        """See `Blobs.garbage`."""
        limit = time.time() - older_than
        for key in self.keys():
            if key not in used and _put_at(self.path(key)) < limit:
                yield key

    def sweep(self, used: Collection[str], older_than: float = GRACE) -> int:
        """See `Blobs.sweep`."""
        now = time.time()
        freed = self._bring_back(used, now - older_than)
        for key in list(self.garbage(used, older_than)):
            freed += self.delete_unless_young(key, now - older_than)
        for half in self.root.glob("??/??/*.partial"):
            freed += remove(half) if _put_at(half) < now - older_than else 0
        for folder in self.root.glob(f"{PARTS}/*"):
            if _put_at(folder) < now - max(older_than, UNFINISHED):
                freed += sum(remove(part) for part in folder.iterdir())
                shutil.rmtree(folder, ignore_errors=True)
        return freed

    def renew(self, key: str) -> bool:
        """See `Blobs.renew`."""
        place = self.path(key)
        try:
            os.utime(place)
        except FileNotFoundError:
            return False
        except OSError:  # Windows changes no times of a read-only file
            place.chmod(0o600)
            os.utime(place)
            place.chmod(0o444)
        return place.is_file()

    def delete_unless_young(self, key: str, limit: float) -> int:
        """Delete what was last put before `limit`, seconds since 1970. Returns the bytes that were freed.

        The file is taken away first and looked at then: whoever made it young before (`renew`) is seen, and it comes back;
        whoever comes later finds no file, and writes it anew.
        """
        place = self.path(key)
        if _put_at(place) >= limit:
            return 0
        going = place.with_name(f"{key}.{secrets.token_hex(4)}{GOING}")
        try:
            place.rename(going)
        except FileNotFoundError:
            return 0
        return self._end(key, going, keep=_put_at(going) >= limit)

    def _end(self, key: str, going: Path, keep: bool) -> int:
        if keep:
            try:
                going.replace(self.path(key))
            except FileNotFoundError:  # another sweep has brought it back
                pass
            return 0
        freed = remove(going)
        return freed if self.has(key) else freed + remove(self._small(key))

    def _bring_back(self, used: Collection[str], limit: float) -> int:
        """Decide on what a sweep that was killed had taken away."""
        freed = 0
        for going in list(self.root.glob(f"??/??/*{GOING}")):
            key = going.name.partition(".")[0]
            freed += self._end(key, going, keep=key in used or _put_at(going) >= limit)
        return freed

    def _join(self, key: str, upload_id: str, count: int, etags: Sequence[str]) -> None:
        """Write the file of its parts. Raises ValueError when they are not what they should be."""
        parts = [self._part(upload_id, number) for number in range(1, count + 1)]
        for number, part in enumerate(parts, 1):
            if not part.is_file():
                raise missing(number)
        if len(etags) != count:
            raise ValueError
        whole = hashlib.sha256()
        with writing(self.path(key)) as file:
            for part, etag in zip(parts, etags, strict=True):
                md5 = hashlib.md5(usedforsecurity=False)
                for chunk in chunks(part):
                    md5.update(chunk)
                    whole.update(chunk)
                    file.write(chunk)
                if md5.hexdigest() != plain(etag):
                    raise ValueError
            if whole.hexdigest() != key:
                raise ValueError

    def _give_up(self, upload_id: str) -> None:
        shutil.rmtree(self.root / PARTS / upload_id, ignore_errors=True)

    def _part(self, upload_id: str, number: int) -> Path:
        return self.root / PARTS / upload_id / f"{number:05}"

    def _small(self, key: str) -> Path:
        return self.path(key).with_name(f"{key}.webp")


def _put_at(path: Path) -> float:
    """Seconds since 1970; this moment for what is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()

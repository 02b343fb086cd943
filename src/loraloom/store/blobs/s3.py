"""Blobs in an S3-compatible bucket, with copies on this machine of what was read."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from loraloom.spec.errors import LoomError
from loraloom.store.blobs import s3_sweep
from loraloom.store.blobs.bucket import Bucket, connect, told
from loraloom.store.blobs.cache import Checked, LocalCopies
from loraloom.store.blobs.contract import GRACE, KEY, PART_BYTES, Parts, check, part_bytes, part_count
from loraloom.store.blobs.files import digest
from loraloom.store.blobs.names import BLOBS, THUMBNAILS, YOUNG
from loraloom.store.blobs.uploads import mismatch, missing, plain

CACHE_BYTES = "LORALOOM_BLOBS_CACHE_BYTES"
"""Environment variable: what the copies on this machine may take; 50 GiB by default."""
SECONDS = 6 * 3600
"""For which the address of a part can be used."""
CHECKED = {"checked": "1"}
"""Metadata of what this program has hashed itself. Parts that went to S3 directly are known by their ETags alone."""


def open_bucket(url: str, home: Path) -> S3Blobs:
    """Blobs at `s3://bucket/prefix`. Raises LoomError `blobs_unreachable`, `extra_missing`."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", url)
    if found is None:
        raise LoomError(
            "blobs_unreachable",
            f"{url!r} names no bucket.",
            "Write LORALOOM_BLOBS as s3://bucket or s3://bucket/prefix.",
        )
    bucket = connect(found[1], found[2] or "")
    return S3Blobs(bucket, LocalCopies(home / "cache" / "blobs", int(os.environ.get(CACHE_BYTES, 50 * 2**30))))


class S3Blobs:
    """Blobs as objects `blobs/<key>`, thumbnails as `thumbnails/<key>`. `young/<key>.<random>` is an empty object whose age
    says when the blob was put again, since an object's own age cannot be renewed without copying it."""

    def __init__(self, bucket: Bucket, copies: LocalCopies) -> None:
        self.bucket, self.copies = bucket, copies

    def put(self, content: bytes | Path) -> str:
        """See `Blobs.put`. What came in parts that nobody hashed is written over: these bytes are known to be right."""
        key = digest(content)
        self._mark(key)
        found = self.bucket.head(BLOBS + key)
        if found is None or found.get("Metadata") != CHECKED:
            if isinstance(content, Path) and content.stat().st_size > PART_BYTES:
                self._put_parts(key, content)
            else:
                self._put_object(BLOBS + key, content.read_bytes() if isinstance(content, Path) else content, CHECKED)
        self.copies.keep(content)
        return key

    def has(self, key: str) -> bool:
        """See `Blobs.has`."""
        return self.bucket.head(BLOBS + check(key)) is not None

    def path(self, key: str) -> Path:
        """See `Blobs.path`. Raises LoomError `checksum_mismatch` when other bytes lie there than the key says."""
        return self.copies.get(key, lambda file: self._fetch(key, file))

    def size(self, key: str) -> int:
        """See `Blobs.size`."""
        return int(self.bucket.call("head_object", BLOBS + check(key))["ContentLength"])

    def open(self, key: str) -> BinaryIO:
        """See `Blobs.open`."""
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        self.bucket.remove([prefix + check(key) for prefix in (BLOBS, THUMBNAILS)])
        self.copies.folder.delete(key)

    def keys(self) -> Iterator[str]:
        """See `Blobs.keys`."""
        for entry, _ in self.bucket.pages("list_objects_v2", BLOBS, "Contents"):
            if KEY.fullmatch(key := str(entry["Key"]).rpartition("/")[2]):
                yield key

    def total(self) -> tuple[int, int]:
        """See `Blobs.total`."""
        sizes = [int(entry["Size"]) for entry, _ in self.bucket.pages("list_objects_v2", BLOBS, "Contents")]
        return sum(sizes), len(sizes)

    def renew(self, key: str) -> bool:
        """See `Blobs.renew`."""
        self._mark(check(key))
        return self.bucket.head(BLOBS + key) is not None

    def keep_thumbnail(self, key: str, data: bytes) -> None:
        """See `Blobs.keep_thumbnail`."""
        if self.copies.folder.thumbnail(check(key)) is None:
            self._put_object(THUMBNAILS + key, data, {})
            self.copies.folder.keep_thumbnail(key, data)

    def thumbnail(self, key: str) -> bytes | None:
        """See `Blobs.thumbnail`."""
        small = self.copies.folder.thumbnail(check(key))
        if small is None:
            try:
                small = cast("bytes", self.bucket.call("get_object", THUMBNAILS + key)["Body"].read())
            except FileNotFoundError:
                return None
            self.copies.folder.keep_thumbnail(key, small)
        return small

    def begin(self, key: str, size: int) -> Parts | None:
        """Parts go to S3 directly, by addresses for six hours. See `Blobs.begin`."""
        self._mark(check(key))
        found = self.bucket.head(BLOBS + key)
        if found is not None and found["ContentLength"] == size:
            return None
        upload = self._unfinished(key) or self._create(key, {})
        urls = [
            self.bucket.sign("upload_part", BLOBS + key, SECONDS, UploadId=upload, PartNumber=number)
            for number in range(1, part_count(size) + 1)
        ]
        return Parts(upload, part_bytes(size), tuple(urls))

    def take_part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        """See `Blobs.take_part`."""
        reply = self.bucket.call(
            "upload_part", BLOBS + check(key), UploadId=upload_id, PartNumber=number, Body=data, ContentMD5=_md5(data)
        )
        return plain(reply["ETag"])

    def complete(self, key: str, upload_id: str, etags: Sequence[str]) -> None:
        """The ETag of every part is compared with what S3 counted. See `Blobs.complete`.

        S3 has no SHA-256 of an object that came in parts (only of each part), and these bytes do not pass the server: that
        the whole is what its key says is checked by whoever downloads it (`path` does).
        """
        self._mark(check(key))
        try:
            parts = {int(part["PartNumber"]): plain(part["ETag"]) for part in self._parts(key, upload_id)}
        except LoomError as error:
            if error.code == "upload_not_found" and self.has(key):
                return
            raise
        for number, etag in enumerate(etags, 1):
            if number not in parts:
                raise missing(number)
            if parts[number] != plain(etag):
                self._give_up(key, upload_id)
                raise mismatch(key)
        joined = [{"PartNumber": number, "ETag": f'"{parts[number]}"'} for number in range(1, len(etags) + 1)]
        self.bucket.call(
            "complete_multipart_upload", BLOBS + key, UploadId=upload_id, MultipartUpload={"Parts": joined}
        )

    def link(self, key: str, seconds: int) -> str | None:
        """See `Blobs.link`."""
        return self.bucket.sign("get_object", BLOBS + check(key), seconds)

    def garbage(self, used: Collection[str], older_than: float = GRACE) -> Iterator[str]:
        """See `Blobs.garbage`. Ages are by the store's clock."""
        return s3_sweep.garbage(self.bucket, used, older_than)

    def sweep(self, used: Collection[str], older_than: float = GRACE) -> int:
        """See `Blobs.sweep`."""
        freed = s3_sweep.sweep(self.bucket, used, older_than, self.copies.folder.delete)
        self.copies.trim()
        return freed

    def _mark(self, key: str) -> None:
        """Make the blob young, whether it is there or about to be. Every mark has a name of its own: a sweep that removes
        old ones never removes this one."""
        self.bucket.call("put_object", f"{YOUNG}{key}.{secrets.token_hex(4)}", Body=b"")

    def _put_object(self, name: str, data: bytes, metadata: dict[str, str]) -> None:
        self.bucket.call("put_object", name, Body=data, ContentMD5=_md5(data), Metadata=metadata)

    def _put_parts(self, key: str, content: Path) -> None:
        upload, size = self._create(key, CHECKED), content.stat().st_size
        with content.open("rb") as file:
            etags = [
                self.take_part(key, upload, number, file.read(part_bytes(size)))
                for number in range(1, part_count(size) + 1)
            ]
        self.complete(key, upload, etags)

    def _fetch(self, key: str, file: Checked) -> None:
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(max_concurrency=4)
        with told(self.bucket.name):
            self.bucket.client.download_fileobj(self.bucket.name, self.bucket.at(BLOBS + key), file, Config=config)

    def _create(self, key: str, metadata: dict[str, str]) -> str:
        return str(self.bucket.call("create_multipart_upload", BLOBS + key, Metadata=metadata)["UploadId"])

    def _unfinished(self, key: str) -> str | None:
        """The newest upload of this file that was begun and neither completed nor given up."""
        name, found = self.bucket.at(BLOBS + key), list[tuple[datetime, str]]()
        for entry, _ in self.bucket.pages("list_multipart_uploads", BLOBS + key, "Uploads"):
            if entry["Key"] == name:
                found.append((entry["Initiated"], entry["UploadId"]))
        return max(found)[1] if found else None

    def _parts(self, key: str, upload_id: str) -> Iterator[dict[str, Any]]:
        pages = self.bucket.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket.name, Key=self.bucket.at(BLOBS + key), UploadId=upload_id
        )
        with told(self.bucket.name):
            for page in pages:
                yield from page.get("Parts", [])

    def _give_up(self, key: str, upload_id: str) -> None:
        try:
            self.bucket.call("abort_multipart_upload", BLOBS + key, UploadId=upload_id)
        except LoomError as error:
            if error.code != "upload_not_found":
                raise


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()

"""Deleting what nobody names from a bucket, while others put files into it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from loraloom.spec.errors import LoomError
from loraloom.store.blobs.bucket import Bucket, served_at, told
from loraloom.store.blobs.contract import KEY, UNFINISHED
from loraloom.store.blobs.names import BLOBS, GOING, THUMBNAILS, YOUNG

_AT_ONCE = 200
_STALLED = timedelta(hours=1)
"""After which a sweep that stands still was killed."""
_LARGEST_COPY = 5 * 2**30
"""Bytes that S3 copies in one call."""


@dataclass(frozen=True)
class _Object:
    """An object: its name without prefix, the key of the blob it belongs to, bytes, when it was written and
    when it was listed, both by the store's clock."""

    name: str
    key: str
    size: int
    modified: datetime
    now: datetime


def garbage(bucket: Bucket, used: Collection[str], older_than: float) -> Iterator[str]:
    """See `Blobs.garbage`."""
    return (found.key for found in _garbage(bucket, used, _limit(bucket, older_than)))


def sweep(bucket: Bucket, used: Collection[str], older_than: float, forget: Callable[[str], None]) -> int:
    """See `Blobs.sweep`. `forget` is told each key that is gone.

    S3 cannot delete on a condition. So an object is copied, deleted, and only then its age is looked at: whoever made it
    young before (`S3Blobs.put` does so before it looks whether the object is there) is seen, and the object comes back.
    """
    limit = _limit(bucket, older_than)
    freed = _bring_back(bucket, used, limit)
    going = list(_garbage(bucket, used, limit))
    for at in range(0, len(going), _AT_ONCE):
        freed += _delete_unless_young(bucket, going[at : at + _AT_ONCE], limit, forget)
    bucket.remove([mark.name for mark in _objects(bucket, YOUNG) if mark.modified < limit])
    _give_up(bucket, limit)
    return freed


def _limit(bucket: Bucket, older_than: float) -> datetime:
    """What was put before is old. It stays the same however long a sweep takes: what was put and named since it began to
    look is never old to it."""
    return served_at(bucket.call("list_objects_v2", Prefix=bucket.at(GOING), MaxKeys=1)) - timedelta(seconds=older_than)


def _garbage(bucket: Bucket, used: Collection[str], limit: datetime) -> Iterator[_Object]:
    young = _young(bucket, limit)
    for found in _objects(bucket, BLOBS):
        if found.key not in used and found.key not in young and found.modified < limit:
            yield found


def _delete_unless_young(bucket: Bucket, going: list[_Object], limit: datetime, forget: Callable[[str], None]) -> int:
    copies = {f"{GOING}{found.key}.{secrets.token_hex(4)}": found for found in going}
    copies = {name: found for name, found in copies.items() if _copy(bucket, found.name, name, found.size)}
    bucket.remove([found.name for found in copies.values()])
    young, freed = _young(bucket, limit), 0
    for name, found in copies.items():
        if found.key in young:
            _copy(bucket, name, found.name, found.size)
        else:
            forget(found.key)
            freed += found.size
    gone = [THUMBNAILS + found.key for found in copies.values() if found.key not in young]
    bucket.remove([*copies, *gone])
    return freed


def _bring_back(bucket: Bucket, used: Collection[str], limit: datetime) -> int:
    """Decide on what a sweep that was killed had taken away."""
    young, freed = _young(bucket, limit), 0
    for copy in [copy for copy in _objects(bucket, GOING) if copy.now - copy.modified > _STALLED]:
        if copy.key in used or copy.key in young:
            if bucket.head(BLOBS + copy.key) is None:
                _copy(bucket, copy.name, BLOBS + copy.key, copy.size)
        else:
            freed += copy.size
        bucket.remove([copy.name])
    return freed


def _give_up(bucket: Bucket, limit: datetime) -> None:
    """Forget uploads that were begun long ago and not taken up again just now, with the parts they hold."""
    young = _young(bucket, limit)
    for entry, now in list(bucket.pages("list_multipart_uploads", BLOBS, "Uploads")):
        name = bucket.plain(entry["Key"])
        begun = now - entry["Initiated"] < timedelta(seconds=UNFINISHED) or entry["Initiated"] >= limit
        if not begun and name.removeprefix(BLOBS) not in young:
            try:
                bucket.call("abort_multipart_upload", name, UploadId=entry["UploadId"])
            except LoomError as error:
                if error.code != "upload_not_found":
                    raise


def _young(bucket: Bucket, limit: datetime) -> set[str]:
    return {mark.key for mark in _objects(bucket, YOUNG) if mark.modified >= limit}


def _objects(bucket: Bucket, prefix: str) -> Iterator[_Object]:
    for entry, now in bucket.pages("list_objects_v2", prefix, "Contents"):
        name = bucket.plain(entry["Key"])
        key = name.removeprefix(prefix)[:64]
        if KEY.fullmatch(key):
            yield _Object(name, key, int(entry["Size"]), entry["LastModified"], now)


def _copy(bucket: Bucket, source: str, target: str, size: int) -> bool:
    """Copy an object inside the bucket. False: it is not there."""
    place = {"Bucket": bucket.name, "Key": bucket.at(source)}
    try:
        if size <= _LARGEST_COPY:
            bucket.call("copy_object", target, CopySource=place)
        else:
            with told(bucket.name):
                bucket.client.copy(place, bucket.name, bucket.at(target))
    except FileNotFoundError:
        return False
    return True

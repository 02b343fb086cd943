"""Which place for blobs is used: a folder of the data home, or a bucket."""

from __future__ import annotations

from pathlib import Path

from loraloom.store.blobs.contract import Blobs
from loraloom.store.blobs.folder import FolderBlobs

URL = "LORALOOM_BLOBS"
"""Environment variable: `s3://bucket/prefix`."""


def open_blobs(url: str | None, home: Path) -> Blobs:
    """Blobs at `url` (`s3://bucket/prefix`), or without one in the folder `blobs` of the data home.

    Raises LoomError `blobs_unreachable` when the bucket cannot be used, `extra_missing` without the extra `s3`.
    """
    if not url:
        return FolderBlobs(home / "blobs")
    from loraloom.store.blobs import s3  # boto3 is slow to import, and seldom needed

    return s3.open_bucket(url, home)

"""Blobs: equal content is one file, nothing is half written, nothing is altered by accident."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from loraloom.store import blobs as module
from loraloom.store.blobs import Blobs, FolderBlobs, link_or_copy

KEY = hashlib.sha256(b"hello").hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


def test_put_twice(blobs: FolderBlobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello")
    held: Blobs = blobs
    assert not held.has(KEY)
    assert held.put(b"hello") == held.put(tmp_path / "file") == KEY
    assert held.has(KEY) and held.size(KEY) == 5 and list(held.keys()) == [KEY]
    with held.open(KEY) as file:
        assert file.read() == b"hello"
    place = blobs.path(KEY)
    assert place.relative_to(blobs.root).parts == (KEY[:2], KEY[2:4], KEY)
    assert stat.S_IMODE(place.stat().st_mode) == 0o444


def test_from_a_path(blobs: FolderBlobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello")
    assert blobs.put(tmp_path / "file") == KEY
    assert blobs.path(KEY).read_bytes() == b"hello"


@pytest.mark.parametrize("key", ["", "../x", KEY[:-1], KEY.upper(), KEY + "\n", "/etc/passwd"])
def test_only_keys_are_opened(blobs: FolderBlobs, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        blobs.open(key)


def test_delete(blobs: FolderBlobs) -> None:
    blobs.put(b"hello")
    blobs.keep_thumbnail(KEY, b"small")
    blobs.delete(KEY)
    blobs.delete(KEY)
    assert not blobs.has(KEY) and blobs.thumbnail(KEY) is None
    with pytest.raises(FileNotFoundError):
        blobs.open(KEY)


def test_thumbnails(blobs: FolderBlobs) -> None:
    assert blobs.thumbnail(KEY) is None
    blobs.keep_thumbnail(KEY, b"small")
    blobs.keep_thumbnail(KEY, b"other")
    assert blobs.thumbnail(KEY) == b"small"
    assert list(blobs.keys()) == []


def test_a_failure_leaves_nothing(blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        blobs.put(b"hello")
    assert not [path for path in blobs.root.rglob("*") if path.is_file()]


def test_at_the_same_time(blobs: FolderBlobs) -> None:
    threads = [threading.Thread(target=blobs.put, args=(b"hello" * 100_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(blobs.keys())) == 1
    assert not list(blobs.root.rglob("*.partial"))


def test_links(blobs: FolderBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.put(b"hello")
    link_or_copy(blobs.path(KEY), tmp_path / "linked")
    assert (tmp_path / "linked").samefile(blobs.path(KEY))
    with pytest.raises(FileExistsError):
        link_or_copy(blobs.path(KEY), tmp_path / "linked")
    monkeypatch.setattr(module.os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    link_or_copy(blobs.path(KEY), tmp_path / "copied")
    assert (tmp_path / "copied").read_bytes() == b"hello"


def test_garbage(blobs: FolderBlobs) -> None:
    old, used, young = (blobs.put(data) for data in (b"old", b"used", b"young"))
    blobs.keep_thumbnail(old, b"small")
    half = blobs.path(old).with_name("x.partial")
    half.write_bytes(b"half")
    for path in (blobs.path(old), blobs.path(used), half):
        os.utime(path, (0, 0))
    assert list(blobs.garbage({used})) == [old]
    assert blobs.sweep({used}) == len(b"old") + len(b"small") + len(b"half")
    assert set(blobs.keys()) == {used, young}
    assert not half.exists()
    os.utime(blobs.path(used), (0, 0))
    blobs.put(b"used")
    assert list(blobs.garbage(set())) == []

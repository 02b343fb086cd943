"""The worker's cache: fetched once, within its bound, never taken from under a run."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from loraloom.jobs.worker.cache import Cache
from loraloom.spec.work import FileRef


class Store:
    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.full = 0

    def ref(self, path: str, size: int = 100) -> FileRef:
        return FileRef(path=path, sha256=hashlib.sha256(path.encode()).hexdigest(), bytes=size)

    def fetch(self, ref: FileRef, target: Path) -> None:
        self.fetched.append(ref.path)
        if self.full:
            self.full -= 1
            raise OSError(errno.ENOSPC, "full")
        target.write_bytes(b"x" * ref.bytes)


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    store, cache = Store(), Cache(tmp_path / "cache", 10_000)
    for name in ("a", "b"):
        cache.put(store.ref("one"), tmp_path / name, store.fetch)
    assert store.fetched == ["one"]
    assert (tmp_path / "a").stat().st_nlink == 3
    assert not list(tmp_path.rglob("*.partial"))


def test_the_least_used_goes_first_and_what_is_in_use_stays(tmp_path: Path) -> None:
    store, cache = Store(), Cache(tmp_path / "cache", 350)
    cache.put(store.ref("used"), tmp_path / "run", store.fetch)
    old, young = (cache.get(store.ref(name), store.fetch) for name in ("old", "young"))
    os.utime(old, (1, 1))
    os.utime(young, (2, 2))
    os.utime(tmp_path / "run", (0, 0))
    cache.get(store.ref("next"), store.fetch)
    assert (old.exists(), young.exists(), (tmp_path / "run").exists()) == (False, True, True)
    assert cache.get(store.ref("used"), store.fetch).exists() and store.fetched.count("used") == 1


def test_a_full_disk_costs_the_cache_first(tmp_path: Path) -> None:
    store, cache = Store(), Cache(tmp_path / "cache", 10_000)
    idle = cache.get(store.ref("idle"), store.fetch)
    store.full = 1
    assert cache.get(store.ref("wanted"), store.fetch).exists() and not idle.exists()
    store.full = 2
    with pytest.raises(OSError, match="full"):
        cache.get(store.ref("more"), store.fetch)
    assert not list(tmp_path.rglob("*.partial"))

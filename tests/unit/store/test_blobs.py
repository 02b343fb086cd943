"""Blobs: equal content is one file, nothing is half written, nothing is altered by accident."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs, FolderBlobs, folder, link_or_copy
from loraloom.store.blobs.contract import PART_BYTES

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

    monkeypatch.setattr(os, "fsync", full)
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
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
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


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]


def send(blobs: FolderBlobs, key: str, data: bytes) -> tuple[str, list[str]]:
    parts = blobs.begin(key, len(data))
    assert parts is not None and parts.urls == ()
    pieces = cut(data, parts.part_bytes)
    return parts.upload_id, [blobs.take_part(key, parts.upload_id, n, piece) for n, piece in enumerate(pieces, 1)]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1])
def test_in_parts(blobs: FolderBlobs, size: int) -> None:
    data = random.Random(size).randbytes(size)
    key = hashlib.sha256(data).hexdigest()
    upload, etags = send(blobs, key, data)
    assert etags == [hashlib.md5(piece).hexdigest() for piece in cut(data, PART_BYTES)]
    assert not blobs.has(key)
    blobs.complete(key, upload, [f'"{etag}"' for etag in etags])
    blobs.complete(key, upload, etags)
    assert blobs.path(key).read_bytes() == data and blobs.begin(key, size) is None
    assert stat.S_IMODE(blobs.path(key).stat().st_mode) == 0o444
    assert not list((blobs.root / "parts").iterdir())


def test_goes_on_where_it_broke_off(blobs: FolderBlobs) -> None:
    data = random.Random(1).randbytes(PART_BYTES + 9)
    key = hashlib.sha256(data).hexdigest()
    first = blobs.begin(key, len(data))
    assert first is not None
    etag = blobs.take_part(key, first.upload_id, 1, data[:PART_BYTES])
    with pytest.raises(LoomError) as told:
        blobs.complete(key, first.upload_id, [etag, hashlib.md5(data[PART_BYTES:]).hexdigest()])
    assert told.value.code == "upload_not_found" and "Part 2" in told.value.message
    again = blobs.begin(key, len(data))
    assert again == first
    blobs.complete(key, first.upload_id, [etag, blobs.take_part(key, first.upload_id, 2, data[PART_BYTES:])])
    assert blobs.size(key) == len(data)


@pytest.mark.parametrize("wrong", ["etag", "bytes", "count"])
def test_what_arrived_otherwise_is_refused(blobs: FolderBlobs, wrong: str) -> None:
    upload, etags = send(blobs, KEY, b"hello" if wrong != "bytes" else b"jello")
    sent = {"etag": ["0" * 32], "bytes": etags, "count": [*etags, *etags]}[wrong]
    with pytest.raises(LoomError) as told:
        blobs.complete(KEY, upload, sent)
    assert told.value.code == "checksum_mismatch"
    assert not [path for path in blobs.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("number, data", [(0, b"hello"), (2, b""), (1, b"hell"), (1, b"hello!")])
def test_parts_have_the_length_that_was_agreed(blobs: FolderBlobs, number: int, data: bytes) -> None:
    parts = blobs.begin(KEY, 5)
    assert parts is not None
    with pytest.raises(LoomError) as told:
        blobs.take_part(KEY, parts.upload_id, number, data)
    assert told.value.code == "upload_refused"


@pytest.mark.parametrize("upload", ["", "5", f"{KEY}-", f"{KEY}-x", f"{KEY}-5/../..", f"{'0' * 64}-5", f"../{KEY}-5"])
def test_only_uploads_that_were_begun(blobs: FolderBlobs, upload: str) -> None:
    for call in (lambda: blobs.take_part(KEY, upload, 1, b"hello"), lambda: blobs.complete(KEY, upload, ["0" * 32])):
        with pytest.raises(LoomError) as told:
            call()
        assert told.value.code == "upload_not_found"


def test_two_send_the_same(blobs: FolderBlobs) -> None:
    upload, etags = send(blobs, KEY, b"hello")
    other, _ = send(blobs, KEY, b"hello")
    blobs.complete(KEY, upload, etags)
    blobs.complete(KEY, other, etags)
    assert blobs.path(KEY).read_bytes() == b"hello"


def test_forgotten_uploads_go(blobs: FolderBlobs) -> None:
    send(blobs, KEY, b"hello")
    upload = next((blobs.root / "parts").iterdir())
    assert blobs.sweep(()) == 0
    day = 86400 + 60
    os.utime(upload, (time.time() - day, time.time() - day))
    assert blobs.sweep(()) == 5 and not upload.exists()


def test_a_sweep_that_was_killed(blobs: FolderBlobs) -> None:
    kept, gone = blobs.put(b"kept"), blobs.put(b"gone")
    for key in (kept, gone):
        os.utime(blobs.path(key), (0, 0))
        blobs.path(key).rename(blobs.path(key).with_name(f"{key}.12345678.going"))
    assert blobs.sweep({kept}) == 4
    assert list(blobs.keys()) == [kept] and not list(blobs.root.rglob("*.going"))


def test_renewed_is_young(blobs: FolderBlobs) -> None:
    assert not blobs.renew(KEY)
    blobs.put(b"hello")
    os.utime(blobs.path(KEY), (0, 0))
    assert list(blobs.garbage(())) == [KEY]
    assert blobs.renew(KEY)
    assert list(blobs.garbage(())) == []
    assert blobs.total() == (5, 1)


def test_a_put_while_it_is_swept(blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever puts a file finds it afterwards, whatever sweeps do meanwhile. Sweeps hesitate whenever they have looked at an
    age, so that every order of their steps and the putters' occurs."""
    ends, look, chance = threading.Event(), folder._put_at, random.Random(0)

    def look_and_hesitate(path: Path) -> float:
        seen = look(path)
        time.sleep(chance.random() / 1000)
        return seen

    monkeypatch.setattr(folder, "_put_at", look_and_hesitate)

    def sweeps() -> None:
        while not ends.is_set():
            blobs.sweep(())

    def puts(number: int) -> int:
        chance, data, lost = random.Random(number), bytes([number]) * 50, 0
        for _ in range(200):
            key = blobs.put(data)
            time.sleep(chance.random() / 500)
            end = time.monotonic() + 5
            while not blobs.has(key) and time.monotonic() < end:  # a sweep may be bringing it back just now
                time.sleep(0.001)
            lost += not blobs.has(key)
            with contextlib.suppress(FileNotFoundError):
                os.utime(blobs.path(key), (0, 0))  # it is old now, and a sweep may take it
            time.sleep(chance.random() / 250)
        return lost

    with ThreadPoolExecutor(5) as pool:
        sweeping = [pool.submit(sweeps) for _ in range(2)]
        lost = list(pool.map(puts, range(3)))
        ends.set()
    assert lost == [0, 0, 0] and [one.result() for one in sweeping] == [None, None]


def test_a_bucket_costs_nothing_until_it_is_opened() -> None:
    code = "import sys, loraloom.store.blobs; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

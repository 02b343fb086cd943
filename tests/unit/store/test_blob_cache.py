"""Copies of blobs that lie elsewhere: fetched once, checked, bounded, and never taken from who was just given one."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from loraloom.spec.errors import LoomError
from loraloom.store.blobs import link_or_copy
from loraloom.store.blobs.cache import Checked, LocalCopies


def key_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fill(copies: LocalCopies, data: bytes) -> Path:
    def fetch(file: Checked) -> None:
        for at in range(0, len(data), 7):
            file.write(data[at : at + 7])

    return copies.get(key_of(data), fetch)


def test_fetched_once_however_many_ask(tmp_path: Path) -> None:
    copies, fetches = LocalCopies(tmp_path, 10**9), []

    def fetch(file: Checked) -> None:
        fetches.append(1)
        time.sleep(0.2)
        file.write(b"hello")

    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(copies.get(key_of(b"hello"), fetch).read_bytes()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"hello"] * 8 and len(fetches) == 1


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10**9)
    with pytest.raises(LoomError) as told:
        copies.get(key_of(b"hello"), lambda file: file.write(b"jello") and None)
    assert told.value.code == "checksum_mismatch"
    assert not copies.folder.has(key_of(b"hello")) and not list(tmp_path.rglob("*.partial"))


def test_what_was_not_asked_for_longest_goes(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path / "copies", 250)
    data = [bytes([number]) * 100 for number in range(4)]
    places = [fill(copies, one) for one in data]
    assert sum(place.stat().st_size for place in places) == 400, "nothing goes that was handed out just now"
    for number, place in enumerate(places):
        moment = time.time() - 7200 + number
        os.utime(place, (moment, moment))
    fill(copies, data[0])
    link_or_copy(places[1], tmp_path / "linked")
    assert copies.trim() == 200
    assert [place.exists() for place in places] == [True, False, False, True]
    assert (tmp_path / "linked").read_bytes() == data[1]


def test_the_bound_is_kept_while_files_come(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 1000, held=-60.0)
    copies.between = 0.0
    for number in range(50):
        fill(copies, number.to_bytes(2) * 50)
        assert sum(file.stat().st_size for file in tmp_path.glob("??/??/*")) <= 1000
    assert len(list(copies.folder.keys())) >= 8


def test_thumbnails_count(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10)
    copies.folder.keep_thumbnail(key_of(b"x"), b"small" * 5)
    os.utime(next(tmp_path.rglob("*.webp")), (0, 0))
    assert copies.trim() == 25 and copies.folder.thumbnail(key_of(b"x")) is None


def test_a_file_that_others_took_away_is_fetched_again(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10**9)
    fill(copies, b"hello")
    copies.folder.delete(key_of(b"hello"))
    assert fill(copies, b"hello").read_bytes() == b"hello"

"""Garbage collection beside people who upload, name and forget the same files, on both databases."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete

from loraloom.jobs.lifecycle import collect_garbage
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs, folder
from loraloom.store.database import Database
from loraloom.store.tables import Drawing

TURNS = 60


def test_what_is_named_is_never_collected(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writer puts a file, names it a moment later, finds it, lets it grow older than the grace time by setting its clock
    back (when no round goes on that began before it was named: that takes more than a moment in life), and forgets it. Two
    collectors run all the while, and hesitate wherever they have looked."""
    blobs, ends, look, pause = FolderBlobs(tmp_path / "blobs"), threading.Event(), folder._put_at, random.Random(1)

    def look_and_hesitate(path: Path) -> float:
        seen = look(path)
        time.sleep(pause.random() / 1000)
        return seen

    monkeypatch.setattr(folder, "_put_at", look_and_hesitate)
    with database.session() as session:
        user = users.ensure_local(session).id

    rounds = [0, 0]

    def collects(number: int) -> int:
        freed = 0
        while not ends.is_set():
            rounds[number] += 1
            with database.session() as session:
                freed += collect_garbage(session, blobs, 3600)
        return freed

    def others_go_round(times: int) -> None:
        begun, end = list(rounds), time.monotonic() + 60
        while time.monotonic() < end and any(now < then + times for now, then in zip(rounds, begun, strict=True)):
            time.sleep(0.001)

    def writes(number: int) -> tuple[int, int]:
        chance, data, lost, anew = random.Random(number), bytes([number]) * 10, 0, 0
        for _ in range(TURNS):
            with database.session() as session:
                drawing = Drawing(user_id=user, asked={}, width=1, height=1, seconds=1.0, blob=blobs.put(data))
                time.sleep(chance.random() / 100)
                session.add(drawing)
            time.sleep(chance.random() / 100)
            end = time.monotonic() + 2
            while not blobs.has(drawing.blob) and time.monotonic() < end:  # it may be on its way back
                time.sleep(0.001)
            lost += not blobs.has(drawing.blob)
            others_go_round(1)
            with contextlib.suppress(FileNotFoundError):
                os.utime(blobs.path(drawing.blob), (0, 0))  # put long ago, and named
            time.sleep(chance.random() / 100)
            lost += not blobs.has(drawing.blob)
            with database.session() as session:
                session.execute(delete(Drawing).where(Drawing.id == drawing.id))
            if chance.random() < 0.3:
                others_go_round(2)  # one whole round at least
            else:
                time.sleep(chance.random() / 50)
            anew += not blobs.has(drawing.blob)
        return lost, anew

    with ThreadPoolExecutor(5) as pool:
        collecting = [pool.submit(collects, number) for number in range(2)]
        told = list(pool.map(writes, range(3)))
        ends.set()
    assert [lost for lost, _ in told] == [0, 0, 0]
    assert sum(anew for _, anew in told) > TURNS / 2, "the collectors have to collect for this to mean anything"
    assert sum(one.result() for one in collecting) > 0

"""A beat does not wait for its answer as long as a lease lasts, and says less where much takes too long."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.worker import client
from loraloom.jobs.worker.cache import Cache
from loraloom.jobs.worker.carry import LEAST_BYTES, Carry
from loraloom.jobs.worker.client import Away, Server
from loraloom.jobs.worker.ship import MOST_BYTES, EventQueue, FileSet
from loraloom.spec.work import Register, Work
from tests.unit.jobs.worker.answering import answering


def test_beats_wait_for_a_quarter_of_the_lease_and_the_rest_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SOONEST", 0.0)
    over = threading.Event()

    def answer(path: str, said: dict[str, Any]) -> tuple[int, Any]:
        if path == "/api/work/workers":
            return 200, {"id": "an-id", "lease_seconds": 2.0, "beat_seconds": 1.0}
        over.wait(30)
        return 200, {}

    with answering(answer) as (url, heard):
        server = Server(url, "a token")
        holder = server.with_token("another")  # made before the lease is known
        server.register(Register(name="w1", devices=[]))
        sending = threading.Thread(target=lambda: holder.files([], ["x"]), daemon=True)
        sending.start()
        for _ in range(3):
            with pytest.raises(Away):
                holder.events(0, [])
        assert sending.is_alive(), "an answer about files is waited for much longer"
        over.set()
        sending.join(timeout=20)
        assert not sending.is_alive()
    assert sorted(path for path, _ in heard[1:]) == ["/api/work/events"] * 3 + ["/api/work/files"]


def test_less_is_said_where_no_answer_comes(tmp_path: Path) -> None:
    lines = [
        f'{{"seq":{seq},"time":"2026-11-30T12:00:00Z","type":"StepLogged","x":"{"y" * 900}"}}' for seq in range(1, 201)
    ]
    reached: list[int] = []

    def answer(path: str, said: dict[str, Any]) -> tuple[int, Any]:
        size = sum(map(len, said["lines"]))
        if size > 40_000:  # a slow way, on which no more passes in time
            return 504, {}
        reached.append(size)
        return 200, {"last_seq": said["after"] + len(said["lines"])}

    work = Work(run_id="r", fence=1, token="t", kind="train", device="cpu", last_seq=0, files=[])
    with answering(answer) as (url, _):
        carry = Carry(work, Server(url, "a token"), tmp_path, Cache(tmp_path / "cache", 10**9))
        carry.run_dir.mkdir(parents=True)
        (carry.run_dir / "events.jsonl").write_text("\n".join(lines) + "\n")
        carry._files = FileSet(carry.run_dir, [], [])  # pyright: ignore[reportPrivateUsage]
        for _ in range(40):
            carry._speak_once()  # pyright: ignore[reportPrivateUsage]
    assert sum(reached) == sum(map(len, lines)) and LEAST_BYTES < 40_000 < MOST_BYTES


def test_one_long_line_is_said_all_the_same(tmp_path: Path) -> None:
    long, short = (
        f'{{"seq":{seq},"time":"2026-11-30T12:00:00Z","type":"StepLogged","x":"{"y" * size}"}}'
        for seq, size in ((1, LEAST_BYTES), (2, 1))
    )
    (tmp_path / "events.jsonl").write_text(f"{long}\n{short}\n")
    queue = EventQueue(tmp_path, 0)
    queue.read()
    files = FileSet(tmp_path, [], [])
    assert queue.next(files, LEAST_BYTES) == [long]
    queue.confirm(1)
    assert queue.next(files, LEAST_BYTES) == [short]

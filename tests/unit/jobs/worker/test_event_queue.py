"""The events of a child on their way: read by two threads, sent by one, each once and in order."""

from __future__ import annotations

import threading
from pathlib import Path

from loraloom.jobs.worker.ship import EventQueue, FileSet

COUNT = 3000


def _write(file: Path, first: int, last: int) -> None:
    with file.open("a") as stream:
        for seq in range(first, last + 1):
            stream.write(f'{{"seq":{seq},"time":"2026-11-30T12:00:00Z","type":"StepLogged","step":{seq}}}\n')
            stream.flush()


def test_two_threads_that_read_lose_nothing(tmp_path: Path) -> None:
    queue, files = EventQueue(tmp_path, 0), FileSet(tmp_path, [], [])
    sent: list[int] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def look() -> None:
        try:
            while not over.is_set():
                queue.read()
        except BaseException as error:
            failed.append(error)

    def send() -> None:
        try:
            while len(sent) < COUNT and not failed:
                queue.read()
                for _ in queue.next(files):
                    sent.append(len(sent) + 1)
                queue.confirm(len(sent))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=task, daemon=True) for task in (look, look, send)]
    for thread in threads:
        thread.start()
    _write(tmp_path / "events.jsonl", 1, COUNT)
    threads[2].join(timeout=60)
    over.set()
    for thread in threads:
        thread.join(timeout=10)
    queue.read()
    assert not failed
    assert sent == list(range(1, COUNT + 1))
    assert queue.done and queue.last_seq == COUNT


def test_what_the_server_has_lost_is_sent_again(tmp_path: Path) -> None:
    queue, files = EventQueue(tmp_path, 0), FileSet(tmp_path, [], [])
    _write(tmp_path / "events.jsonl", 1, 5)
    queue.read()
    queue.confirm(5)
    assert queue.next(files) == []
    queue.confirm(2)
    queue.read()
    assert [line[:9] for line in queue.next(files)] == ['{"seq":3,', '{"seq":4,', '{"seq":5,']

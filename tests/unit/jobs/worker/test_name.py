"""A worker whose name is another's waits for it, says why, and ends with that in the end; its home keeps what it is called."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.worker import loop
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from tests.unit.jobs.worker.answering import answering, refused

KNOWN = {"id": "an-id", "lease_seconds": 20.0, "beat_seconds": 1.0}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "ASK", 0.05)


def made(url: str, home: Path) -> loop.Worker:
    return loop.Worker(loop.Options(url, "a token", "w1", (WorkerDevice(id="cpu"), WorkerDevice(id="cuda:0")), home))


def test_it_gives_up_when_the_name_stays_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop, "NAME_WAIT", 0.5)
    with (
        answering(lambda path, said: refused("in_use", "The name w1 is another's.")) as (url, heard),
        caplog.at_level(logging.WARNING, "loraloom.worker"),
        pytest.raises(LoomError) as error,
    ):
        made(url, tmp_path).run()
    assert (error.value.code, error.value.message) == ("in_use", "The name w1 is another's.")
    assert len(heard) > 2 and {path for path, _ in heard} == {"/api/work/workers"}
    assert caplog.text.count("The name w1 is another's.") == 1


def test_it_gets_the_name_once_that_is_free_and_can_be_ended_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, asked, claimed = threading.Event(), threading.Event(), threading.Event()

    def answer(path: str, said: dict[str, Any]) -> tuple[int, Any]:
        if path == "/api/work/workers":
            asked.set()
            return (200, KNOWN) if free.is_set() else refused("in_use")
        claimed.set()
        return 200, None

    with answering(answer) as (url, _):
        for _ in range(2):
            worker = made(url, tmp_path)
            working = threading.Thread(target=worker.run)
            working.start()
            assert asked.wait(20)
            if free.is_set():
                assert claimed.wait(20)
            worker.drain()
            working.join(timeout=20)
            assert not working.is_alive()
            assert claimed.is_set() == free.is_set()
            free.set()
            asked.clear()


def test_a_home_is_called_the_same_for_ever(tmp_path: Path) -> None:
    def introduced() -> str:
        refuse = answering(lambda path, said: refused("worker_refused", status=403))
        with refuse as (url, heard), pytest.raises(LoomError):
            made(url, tmp_path / "home").run()
        return heard[0][1]["instance"]

    first = introduced()
    assert len(first) == 32 and introduced() == first
    (tmp_path / "home/instance").write_text("")  # the machine went down while it was written
    second = introduced()
    assert len(second) == 32 and second != first and introduced() == second
    (tmp_path / "home/instance").unlink()
    (tmp_path / "home/instance").mkdir()
    with pytest.raises(LoomError) as error:
        made("http://127.0.0.1:9", tmp_path / "home").run()
    assert error.value.code == "not_writable"

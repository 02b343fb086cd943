"""A worker whose disk is full asks for nothing: it would take run after run only to hand it back."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import pytest

from loraloom.jobs.worker import loop
from loraloom.spec.work import WorkerDevice


@pytest.mark.parametrize("room", [0, 1 << 62])
def test_it_asks_only_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, room: int
) -> None:
    monkeypatch.setattr(loop, "ROOM", room)
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def hear() -> None:
            try:
                server.accept()[0].close()
                asked.set()
            except OSError:
                pass

        threading.Thread(target=hear, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        worker = loop.Worker(loop.Options(url, "a token", "w1", (WorkerDevice(id="cpu"),), tmp_path))
        with caplog.at_level(logging.WARNING, "loraloom.worker"):
            working = threading.Thread(target=worker.run)
            working.start()
            assert asked.wait(20 if room == 0 else 1) == (room == 0)
            worker.drain()
            working.join(timeout=30)
    assert ("no run is asked for" in caplog.text) == (room != 0)

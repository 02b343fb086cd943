"""Two machines on which workers of one name were started: the second waits and says why, and takes nothing from the first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served, wait
from tests.workers import TOKEN, Working


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "home", "--no-warm", "--no-train", LORALOOM_WORKER_TOKEN=TOKEN)
    yield made.start()
    made.stop()


def test_the_second_takes_nothing_back(server: Served, tmp_path: Path) -> None:
    first = Working(server.address, tmp_path / "one", "same").start()
    second = Working(server.address, tmp_path / "two", "same")
    try:
        run = server.start_run()
        server.wait_for_step(run, 3)
        second.start()
        wait(lambda: second.log.exists() and "another worker's" in second.log.read_text(), "it does not say why", 60)
        told = next(line for line in second.log.read_text().splitlines() if "another worker's" in line)
        assert "--name" in json.loads(told)["message"]
        done = server.wait_for(run, "finished", "failed")
        assert (done["state"], done["attempts"], done["worker"]) == ("finished", 1, "same"), server.tell(run)
        assert second.process is not None and second.process.poll() is None and not list(second.home.glob("kept/*"))
        assert second.drain() == 0
        assert [one["there"] for one in server.get("/api/workers")["items"]] == [True]
    finally:
        for worker in (first, second):
            worker.stop()

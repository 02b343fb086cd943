"""`loraloom serve` in a process of its own, on a free port and a data home of the test, and a client of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil

SMALL = {
    "preset": "quick-look",
    "lora": {"rank": 4, "targets": "attention"},
    "training": {"steps": 40, "batch_size": 2, "threads": 1, "device": "cpu"},
    "checkpoints": {"every_steps": 5},
    "sample": {"prompts": [], "every_steps": None},
}
"""A run of seconds on the built-in base."""


class Served:
    """A server that can be killed and started again on the same home."""

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        """`environment`: further variables of the server."""
        self.home = home
        self.environment = environment
        self.port = _free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Served:
        """Start it, and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loraloom", "serve", "--port", str(self.port), *self._options],
                stdout=log,
                stderr=log,
                env=_environment() | {"LORALOOM_HOME": str(self.home), "OMP_NUM_THREADS": "1"} | self.environment,
                start_new_session=True,
            )
        wait(self._answers, "the server did not start", seconds=60)
        session = self.client.get("/api/session").json()
        self.client.headers["X-CSRF-Token"] = session["csrf"]
        return self

    def kill(self) -> None:
        """`kill -9`: what runs goes on."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the server and every child of its runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        for run_id in self.runs_at_work():
            kill_child(self, run_id)
        self.client.close()

    def runs_at_work(self) -> list[str]:
        """Ids of runs whose child is alive, read from the database: the server may be gone."""
        from sqlalchemy import select

        from loraloom.store.database import Database, sqlite_url
        from loraloom.store.tables import Run

        database = Database(self.environment.get("LORALOOM_DATABASE") or sqlite_url(self.home))
        with database.session() as session:
            found = [run.id for run in session.scalars(select(Run)) if run.pid and psutil.pid_exists(run.pid)]
        database.close()
        return found

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON that comes back."""
        answer = self.client.post(path, json=body if body is not None else {})
        assert answer.status_code < 300, answer.text
        return answer.json()

    def sample_dataset(self) -> str:
        """Id of the packaged pictures as a data set."""
        return self.post("/api/datasets/sample")["id"]

    def start_run(self, **groups: Any) -> str:
        """Queue a small run on the sample pictures; its id."""
        config: dict[str, Any] = {
            key: dict(value) if isinstance(value, dict) else value for key, value in SMALL.items()
        }
        for key, value in groups.items():
            config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
        return self.post("/api/runs", {"dataset": self.sample_dataset(), "config": config})["id"]

    def run(self, run_id: str) -> dict[str, Any]:
        """The run as it is now."""
        return self.get(f"/api/runs/{run_id}")

    def wait_for(self, run_id: str, *states: str, seconds: float = 180) -> dict[str, Any]:
        """Wait until the run is in one of `states`."""
        wait(lambda: self.run(run_id)["state"] in states, f"not {states}", seconds, lambda: self.tell(run_id))
        return self.run(run_id)

    def wait_for_step(self, run_id: str, step: int, seconds: float = 180) -> None:
        """Wait until the run has taken `step` steps."""
        wait(lambda: self.run(run_id)["step"] >= step, f"not at step {step}", seconds, lambda: self.tell(run_id))

    def tell(self, run_id: str) -> str:
        """What there is to know of a run that does not do what it should."""
        log = self.client.get(f"/api/runs/{run_id}/log").text
        return f"{self.run(run_id)}\n{log[-2000:]}\n{(self.home / 'serve.log').read_text()[-3000:]}"

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Every event of the run."""
        return self.get(f"/api/runs/{run_id}/events?points=20000")["items"]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "serve.log").read_text()
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx2.HTTPError:
            return False


def kill_child(server: Served, run_id: str) -> None:
    """`kill -9` the training process of a run."""
    from loraloom.store.database import Database, sqlite_url
    from loraloom.store.tables import Run

    database = Database(sqlite_url(server.home))
    with database.session() as session:
        pid = session.get_one(Run, run_id).pid
    database.close()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def wait(met: Callable[[], bool], failing: str, seconds: float = 60, tell: Callable[[], str] = lambda: "") -> None:
    """Wait until `met`; fails with `failing` and what `tell` says."""
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, f"{failing}\n{tell()}"
        time.sleep(0.05)


def _environment() -> dict[str, str]:
    """This process's own, but with Python's default of keeping its bytecode."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

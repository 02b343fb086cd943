"""`loraloom worker` in a process of its own, for the server of a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

TOKEN = "a-token-that-only-tests-know"


class Working:
    """A worker that can be killed and started again on the same home."""

    def __init__(self, server: str, home: Path, name: str, *options: str, **environment: str) -> None:
        self.name, self.home = name, home
        self._command = [sys.executable, "-m", "loraloom", "worker", "--server", server, "--name", name]
        self._command += ["--device", "cpu", "--home", str(home), *options]
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it says."""
        return self.home.with_suffix(".log")

    def start(self) -> Working:
        """Start it."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        around |= {"LORALOOM_WORKER_TOKEN": TOKEN, "OMP_NUM_THREADS": "1", **self._environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, env=around, start_new_session=True)
        return self

    def kill(self) -> None:
        """`kill -9`: its children go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def drain(self, seconds: float = 60) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def children(self) -> list[psutil.Process]:
        """Its training processes that are alive."""
        found: list[psutil.Process] = []
        for file in (self.home / "kept").glob("*.json"):
            try:
                child = json.loads(file.read_text())["child"]
                if child:
                    found.append(psutil.Process(child["pid"]))
            except (OSError, ValueError, psutil.Error):
                continue
        return found

    def stop(self) -> None:
        """End it and its children at once."""
        children = self.children()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for child in [*children, *self.children()]:
            try:
                child.kill()
            except psutil.Error:
                continue

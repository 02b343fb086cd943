"""A child made ready before there is a run: from the click to the first loss in a second or two instead of six.

It is started in a reserved, empty folder, in the sandbox of one run; that folder becomes the run's by being renamed. So
it sees no more than a cold child, and it serves one run.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from loraloom.jobs.folder import refusal
from loraloom.jobs.runners import detached
from loraloom.jobs.runners.detached import Child
from loraloom.spec.errors import LoomError

RESERVED = ".warm-"
READY = ".ready"


class Warm:
    """One child that waits. It ends by itself when the process that prepared it does."""

    def __init__(
        self, folder: Path, child: Child, process: subprocess.Popen[bytes], base: Path | None, device: str
    ) -> None:
        self.folder = folder
        """To be filled with run.yaml and, inside its `data/`, with the pictures; then comes `take`."""
        self.child = child
        self._process, self._base, self._device = process, base, device

    @classmethod
    def prepare(cls, runs: Path, *, base: Path | None = None, device: str = "cpu") -> Warm:
        """Reserve a folder in `runs` and start a child on it. Raises LoomError `child_died`, `not_writable`, `disk_full`."""
        folder = runs.absolute() / f"{RESERVED}{secrets.token_hex(6)}"
        try:
            (folder / "data").mkdir(parents=True)
        except OSError as error:
            raise refusal(folder, error) from error
        arguments = ["--warm", str(detached.inside(folder)), *([str(base)] if base is not None else [])]
        try:
            child, process = detached.launch(
                folder, arguments, base=base, device=device, name="", stdin=subprocess.PIPE
            )
        except LoomError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return cls(folder, child, process, base, device)

    def ready(self) -> bool:
        """Whether it has done all it can before a run is known."""
        return (self.folder / READY).exists()

    def fits(self, base: Path | None, device: str) -> bool:
        """Whether it could train on `base` at `device`: its sandbox shows what it was prepared for and nothing else."""
        if sys.platform == "win32":  # folders with open files cannot be renamed there
            return False
        return (base, device) == (self._base, self._device) and detached.alive(self.child)

    def memory_bytes(self) -> int:
        """Memory it holds while it waits."""
        return detached.memory_bytes(self.child)

    def take(self, run_dir: Path, name: str = "") -> Child:
        """Make the reserved folder `run_dir`, which must not be there yet, and let the child go. From then on it needs
        this process no more. Raises LoomError `child_died`: the files are in `run_dir` then, for a cold start."""
        run_dir = run_dir.absolute()
        if run_dir.exists():
            raise LoomError("not_writable", f"{run_dir} is there already.", "Choose another name.")
        try:
            self.folder = self.folder.rename(run_dir)
        except OSError as error:
            raise refusal(run_dir, error) from error
        given = {"run_dir": str(detached.inside(run_dir)), "name": name or run_dir.name}
        try:
            pipe = self._process.stdin
            assert pipe is not None
            pipe.write(json.dumps(given).encode() + b"\n")
            pipe.close()
        except OSError as error:
            raise detached.gone() from error
        return self.child

    def discard(self) -> None:
        """End it and remove its folder, unless it was taken."""
        if not self.folder.name.startswith(RESERVED):
            return
        detached.kill(self.child)
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def sweep(runs: Path) -> None:
    """Remove reserved folders of an earlier server; their children have ended with it."""
    for folder in runs.glob(f"{RESERVED}*"):
        shutil.rmtree(folder, ignore_errors=True)

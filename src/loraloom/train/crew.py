"""The processes that compute beside the first one of a run: started, watched, and ended with it.

One that is killed takes the run with it, in the same way: what supervises the run sees how it ended and starts it again
from its newest checkpoint, as it does with a run of one process. One that fails in words hands them to the first.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import torch

from loraloom.spec.errors import LoomError
from loraloom.train.ranks import Ranks

LOOK = 0.1
"""Seconds between two looks at the others."""
WORDS_TAKE = 10.0
"""Seconds in which a process that falls silent has said why or is gone."""
GRACE = 60.0
"""Seconds after which the first process ends when another one has done so by itself and no reason is found."""


class Crew:
    """The processes 1 to `count` - 1 of the run in `run_dir`; `place` is a folder that all of them have. `asked` raises
    when the run is to end."""

    def __init__(self, run_dir: Path, count: int, place: Path, asked: Callable[[], None]) -> None:
        self._place, self._asked = place, asked
        self._closing = threading.Event()
        self._processes = [self._start(run_dir, number) for number in range(1, count)]
        if self._processes:
            threading.Thread(target=self._watch, name="crew", daemon=True).start()

    def look(self, *_: object) -> None:
        """Raise where one of them has failed or the run is to end: up to the first step stopping loses nothing."""
        self._asked()
        for said in self._failed().values():
            raise said

    def why(self) -> Exception | None:
        """What one of them has failed with, once it has said so: for when it falls silent."""
        until = time.monotonic() + WORDS_TAKE
        while time.monotonic() < until:
            for said in self._failed().values():
                return said
            time.sleep(LOOK / 2)
        return None

    def close(self, wait: float = 0.0) -> None:
        """End them; those that have been dismissed get `wait` seconds to do it themselves."""
        self._closing.set()
        until = time.monotonic() + wait
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, until - time.monotonic()))
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _start(self, run_dir: Path, number: int) -> subprocess.Popen[bytes]:
        """-P: no module comes from the run folder. The pipe closes when this process ends, in whatever way."""
        command = ["-P", "-m", "loraloom.train.follow", str(run_dir), str(number), str(self._place)]
        return subprocess.Popen([sys.executable, *command], stdin=subprocess.PIPE)

    def _failed(self) -> dict[int, Exception]:
        """Of those that have failed in words: pid -> their words as an error."""
        found: dict[int, Exception] = {}
        for number, process in enumerate(self._processes, 1):
            file = words_of(self._place, number)
            if file.exists():
                said = json.loads(file.read_text("utf-8"))
                memory = MemoryError("out of memory in another process")  # the loop saves what it has then
                found[process.pid] = memory if said["code"] == "out_of_memory" else LoomError(**said)
        return found

    def _watch(self) -> None:
        """Ends this process where another one is gone without a word. One that ended by itself did so because it missed a
        third one, or this one: there is time then for the true reason."""
        since: float | None = None
        while not self._closing.wait(LOOK):
            codes = {process.pid: process.poll() for process in self._processes}
            spoken = self._failed()
            gone = [code for pid, code in codes.items() if code is not None and pid not in spoken]
            if gone:
                since = since or time.monotonic()
            late = since is not None and time.monotonic() - since > GRACE
            if (any(gone) or late) and not self._closing.is_set():
                self._end(min(gone) or 1)

    def _end(self, code: int) -> None:
        """End as the process did that ended with `code` (negative: a signal)."""
        sys.stderr.write(f"error: a process of this run ended with code {code}, and so the run ends\n")
        sys.stderr.flush()
        for process in self._processes:
            process.kill()
        shutil.rmtree(self._place, ignore_errors=True)
        if code < 0:
            os.kill(os.getpid(), -code)  # in vain where this is the first process of a container
        os._exit(code if code > 0 else 128 - code)


def words_of(place: Path, number: int) -> Path:
    """The file in which process `number` says what it failed with."""
    return place / f"{number}.json"


@contextlib.contextmanager
def lead(run_dir: Path, count: int, device: torch.device, asked: Callable[[], None]) -> Generator[tuple[Ranks, Crew]]:
    """The other processes of a run, for as long as they are needed, and this one's place among them."""
    if count == 1:
        yield Ranks(), Crew(run_dir, count, run_dir, asked)
        return
    with tempfile.TemporaryDirectory(prefix="loraloom-", ignore_cleanup_errors=True) as place:
        crew = Crew(run_dir, count, Path(place), asked)
        ranks = Ranks(0, count, Path(place), device, crew)
        wait = 0.0
        try:
            yield ranks, crew
            ranks.dismiss()
            wait = WORDS_TAKE
        finally:
            crew.close(wait)
            ranks.close()

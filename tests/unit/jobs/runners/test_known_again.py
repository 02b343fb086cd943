"""A child is known again by its pid and its start, whatever becomes of the system's clock meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace

import psutil
import pytest

from loraloom.jobs.runners import detached
from loraloom.jobs.runners.detached import Child

HOUR = 3600.0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a start by a clock that may be moved")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    yield process
    process.kill()
    process.wait()


def _move_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """As the kernel tells it then: the moment of the system's start moves with the clock."""
    import psutil._pslinux as linux

    began = linux.boot_time()
    monkeypatch.setattr(linux, "boot_time", lambda: began + seconds)


@pytest.mark.parametrize("seconds", [-30 * HOUR, 5.0, HOUR])
def test_a_moved_clock_hides_no_child(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    child = detached.child_of(sleeper.pid)
    kept = Child(**json.loads(json.dumps(asdict(child))))
    _move_clock(monkeypatch, seconds)
    assert abs(psutil.Process(child.pid).create_time() - child.started) > detached.SAME_MOMENT, (
        "the clock was not moved"
    )
    for one in (child, kept):
        assert detached.alive(one)
        assert detached.memory_bytes(one) > 0 and detached.cpu_seconds(one) is not None
    assert not detached.alive(replace(child, mark=None)), "of a child without a mark only the moment is known"
    detached.kill(kept)
    assert sleeper.wait(timeout=10) == -9 and not detached.alive(child)


def test_another_process_with_its_pid_is_another(sleeper: subprocess.Popen[bytes]) -> None:
    child = detached.child_of(sleeper.pid)
    assert child.mark is not None
    boot, ticks = child.mark.split("/")
    assert not detached.alive(replace(child, mark=f"{boot}/{int(ticks) - 1}"))
    assert not detached.alive(replace(child, mark=f"another-start/{ticks}")), "the machine was started again"
    older = replace(child, mark=None)
    assert older == child and detached.alive(older), "noted by an older version"
    assert not detached.alive(replace(older, started=child.started - 100))
    detached.kill(replace(child, mark=f"{boot}/{int(ticks) - 1}"))
    assert sleeper.poll() is None


def test_a_name_with_blanks_and_brackets() -> None:
    code = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'a) R 1 (b'); print('named', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"named\n"
        mark = detached.child_of(process.pid).mark
        assert mark is not None
        ticks = int(mark.split("/")[1]) / os.sysconf("SC_CLK_TCK")
        assert abs(psutil.boot_time() + ticks - psutil.Process(process.pid).create_time()) < 0.02
    finally:
        process.kill()
        process.communicate()

"""Beside a child: events are handed on, the wish to stop is passed on, and its end has a reason."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.runners import Exit
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.runners.reason import why
from loraloom.spec.errors import LoomError
from loraloom.spec.event import RunFailed
from tests.made_events import finished, logged, started, write

HEAD = """
import os, signal, sys, time
from pathlib import Path
run_dir = Path(sys.argv[1])
"""


def child(tmp_path: Path, body: str) -> LocalRunner:
    script = tmp_path / "child.py"
    script.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
    return LocalRunner([sys.executable, str(script)])


def run(runner: LocalRunner, run_dir: Path, wish: Wish | None = None, seen: list[Any] | None = None) -> Exit:
    runner.start(run_dir)
    seen = [] if seen is None else seen
    return follow(runner, run_dir, wish or Wish(), seen.append)


def test_it_ends_well_and_its_output_is_in_the_log(tmp_path: Path) -> None:
    write(tmp_path, started(), logged(1), finished())
    seen: list[Any] = []
    ended = run(child(tmp_path, "print('hello ü')"), tmp_path, seen=seen)
    assert ended == Exit(0)
    assert [event.seq for event in seen] == [1, 2, 3]
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").strip() == "hello ü"


def test_a_failure_is_told_in_the_childs_words(tmp_path: Path) -> None:
    write(tmp_path, started(), RunFailed(code="disk_full", message="The disk is full.", hint="Free some."))
    with pytest.raises(LoomError) as caught:
        run(child(tmp_path, "sys.exit(1)"), tmp_path)
    assert (caught.value.code, caught.value.hint) == ("disk_full", "Free some.")


def test_an_error_before_the_first_event_points_to_the_log(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        run(child(tmp_path, "sys.exit(1)"), tmp_path)
    assert caught.value.code == "child_died" and "log.txt" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_killed_child_is_seen_within_a_second(tmp_path: Path) -> None:
    before = time.monotonic()
    with pytest.raises(LoomError) as caught:
        run(child(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)"), tmp_path)
    assert time.monotonic() - before < 2
    assert "memory ran out" in caught.value.message and "checkpoint" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_one_wish_lets_it_write_its_checkpoint(tmp_path: Path) -> None:
    body = """
        def stop(*_):
            (run_dir / "checkpoint").write_text("")
            sys.exit(130)
        signal.signal(signal.SIGINT, stop)
        (run_dir / "ready").write_text("")
        time.sleep(20)
    """
    wish = Wish()
    runner = child(tmp_path, body)
    runner.start(tmp_path)
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)
    wish.times = 1
    assert follow(runner, tmp_path, wish, lambda _: None).code == 130
    assert (tmp_path / "checkpoint").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_two_wishes_end_it_now(tmp_path: Path) -> None:
    runner = child(tmp_path, "signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(20)")
    runner.start(tmp_path)
    wish = Wish()
    wish.times = 2
    before = time.monotonic()
    assert follow(runner, tmp_path, wish, lambda _: None).code != 0
    assert time.monotonic() - before < 5


def test_the_child_learns_that_nobody_follows_it_any_more(tmp_path: Path) -> None:
    body = """
        sys.stdin.buffer.read()
        (run_dir / "alone").write_text("")
    """
    inner = child(tmp_path, body)._command
    outer = (
        "import sys; from pathlib import Path; from loraloom.jobs.runners.local import LocalRunner; "
        f"LocalRunner({list(inner)!r}).start(Path({str(tmp_path)!r})); import os; os._exit(9)"
    )
    import subprocess

    subprocess.run([sys.executable, "-c", outer], check=False)
    until = time.monotonic() + 10
    while not (tmp_path / "alone").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert (tmp_path / "alone").exists()


@pytest.mark.parametrize(
    ("code", "log", "expected", "words"),
    [
        (-9, "", "child_died", "memory ran out"),
        (-9, "RuntimeError: can't allocate memory", "out_of_memory", "memory ran out"),
        (-11, "", "child_died", "crashed"),
        (-250, "", "child_died", "250"),
        (3, "", "child_died", "code 3"),
        (1, "torch.OutOfMemoryError: CUDA out of memory", "out_of_memory", "ran out of memory"),
    ],
)
def test_reasons(tmp_path: Path, code: int, log: str, expected: str, words: str) -> None:
    (tmp_path / "log.txt").write_text(log)
    error = why(code, tmp_path / "log.txt")
    assert error.code == expected
    assert words in error.message and error.hint

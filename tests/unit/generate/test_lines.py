"""A stop ends what was asked before it and nothing that is asked after it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from loraloom.generate import lines as module
from loraloom.generate.lines import Lines


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> tuple[Lines, Callable[[str], None], list[int]]:
    exits: list[int] = []
    monkeypatch.setattr(module.os, "_exit", exits.append)
    read, write = os.pipe()
    out = os.fdopen(write, "w")

    def say(line: str) -> None:
        if not line:
            out.close()
            return
        out.write(line + "\n")
        out.flush()

    return Lines(os.fdopen(read), '"stop"'), say, exits


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.001)
    return true()


def test_a_stop(ask: tuple[Lines, Callable[[str], None], list[int]]) -> None:
    lines, say, exits = ask
    say("one")
    assert lines.next() == "one\n" and not lines.stopped()
    say(' "stop" ')
    assert until(lines.stopped)
    for line in ("two", "three", '"stop"', "", "four"):
        say(line) if line else None
    assert [lines.next() for _ in "ab"] == ["two\n", "three\n"] and until(lines.stopped)
    assert lines.next() == "four\n" and not lines.stopped()
    say("")
    assert until(lambda: exits == [0])

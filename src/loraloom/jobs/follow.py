"""Stay beside a running child: hand its events on, pass on the wish to stop, and see at once when it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from loraloom.jobs.runners import FAILED, FINISHED, INTERRUPTED, Exit, Runner
from loraloom.jobs.tail import Tail
from loraloom.spec.errors import CODES, LoomError
from loraloom.spec.event import Event, RunFailed

TICK = 0.15
"""Seconds between two looks."""


class Wish:
    """How often the user asked to stop: once for a checkpoint first, twice for now."""

    def __init__(self) -> None:
        self.times = 0


def follow(
    runner: Runner,
    run_dir: Path,
    wish: Wish,
    show: Callable[[Event], None],
    after_seq: int = 0,
    passing_on: Callable[[int], None] = lambda _: None,
) -> Exit:
    """Hand every event after `after_seq` to `show` until the child has ended; `passing_on` is called with 1 and 2 when
    the wish to stop is. Raises LoomError when the child failed or died."""
    tail = Tail(run_dir, after_seq)
    failure: RunFailed | None = None
    passed_on = 0
    while True:
        ended = runner.poll()  # before reading: what it wrote last is then on disk
        for event in tail.read():
            if isinstance(event.payload, RunFailed):
                failure = event.payload
            show(event)
        if ended is not None:
            return _judge(ended, failure, wish)
        if wish.times > passed_on and passed_on < 2:
            passed_on += 1
            passing_on(passed_on)
            runner.signal("stop" if passed_on == 1 else "kill")
        time.sleep(TICK)


def _judge(ended: Exit, failure: RunFailed | None, wish: Wish) -> Exit:
    if failure is not None and failure.code == "interrupted":
        return Exit(INTERRUPTED)
    if failure is not None and ended.code != FINISHED:
        code = failure.code if failure.code in CODES else "internal"
        raise LoomError(code, failure.message, failure.hint)
    if wish.times:
        return ended
    if ended.died is not None:
        raise ended.died
    if ended.code == FAILED:
        hint = "The reason stands in log.txt in the run folder."
        raise LoomError("child_died", "The training process ended with an error before it could say which.", hint)
    return ended

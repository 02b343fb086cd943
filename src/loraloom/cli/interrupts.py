"""Ctrl-C and the system's signals as a wish to stop, while a child is followed."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from loraloom.jobs.follow import Wish


@contextmanager
def counting(wish: Wish) -> Generator[None]:
    """While inside, each of them is counted in `wish` and breaks nothing."""

    def count(_number: int, _frame: FrameType | None) -> None:
        wish.times += 1

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # not every system has all of them
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, count) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)

"""The events of a run, found quickly: where each line of events.jsonl begins, so that any part can be sent thinned."""

from __future__ import annotations

import re
import threading
from array import array
from bisect import bisect_right
from pathlib import Path

from pydantic import ValidationError

from loraloom.jobs.tail import EVENTS
from loraloom.spec.event import decode

HEAD = re.compile(rb'\{"seq":(\d+),"time":"[^"]*","type":"(\w+)"')
LOSS = re.compile(rb'"loss":(-?[\d.eE+-]+)')
LONGEST = 2**20
"""Bytes of a line that is still read."""


class EventLog:
    """An index over one run's events; `refresh` takes in what was written since. Safe from several threads."""

    def __init__(self, run_dir: Path) -> None:
        self._file = run_dir / EVENTS
        self._end = 0
        self._lock = threading.Lock()
        self._seqs, self._starts, self._sizes = array("q"), array("q"), array("l")
        self._losses = array("d")
        """Loss of a step; nan for every other event."""

    @property
    def last_seq(self) -> int:
        """Number of the last whole event; 0 when there is none."""
        return self._seqs[-1] if self._seqs else 0

    def refresh(self) -> bool:
        """Take in new lines. Whether there were any."""
        with self._lock:
            try:
                with self._file.open("rb") as stream:
                    stream.seek(self._end)
                    block = stream.read()
            except FileNotFoundError:
                return False
            before = len(self._seqs)
            *lines, _torn = block.split(b"\n")
            for line in lines:
                self._take(line)
                self._end += len(line) + 1
            return len(self._seqs) > before

    def read(self, after: int = 0, points: int = 1000, until: int | None = None) -> list[str]:
        """Events after the number `after` up to `until`, one JSON text each, in order. All of them, but of steps at most
        about `points`: of each stretch the ones with the lowest and the highest loss, and the very last."""
        with self._lock:
            end = len(self._seqs) if until is None else bisect_right(self._seqs, until)
            chosen = self._choose(bisect_right(self._seqs, after), end, points)
            places = [(self._starts[i], self._sizes[i]) for i in chosen]
        if not places:
            return []
        texts: list[str] = []
        with self._file.open("rb") as stream:
            for start, size in places:
                stream.seek(start)
                text = stream.read(size).decode("utf-8", "replace")
                if _is_event(text):
                    texts.append(text)
        return texts

    def _take(self, line: bytes) -> None:
        head = HEAD.match(line)
        if head is None or len(line) > LONGEST or int(head[1]) <= self.last_seq:
            return
        loss = LOSS.search(line) if head[2] == b"StepLogged" else None
        self._seqs.append(int(head[1]))
        self._starts.append(self._end)
        self._sizes.append(len(line))
        self._losses.append(_number(loss[1]) if loss else float("nan"))

    def _choose(self, first: int, end: int, points: int) -> list[int]:
        """Indices to send."""
        losses = self._losses
        steps = [i for i in range(first, end) if losses[i] == losses[i]]
        if len(steps) <= points:
            return list(range(first, end))
        kept = {steps[-1]}
        stretches = max(1, points // 2)
        for n in range(stretches):
            stretch = steps[n * len(steps) // stretches : (n + 1) * len(steps) // stretches]
            kept.update((min(stretch, key=losses.__getitem__), max(stretch, key=losses.__getitem__)))
        return [i for i in range(first, end) if losses[i] != losses[i] or i in kept]


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _is_event(text: str) -> bool:
    try:
        decode(text)
    except ValidationError:
        return False
    return True

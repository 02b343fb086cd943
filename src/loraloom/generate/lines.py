"""Asks and answers of a long-lived process: lines of JSON, what comes in read while something is being answered."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import IO

from pydantic import BaseModel, ValidationError

from loraloom.child import limits
from loraloom.child.work import Words, translate
from loraloom.spec.errors import LoomError

Say = Callable[[BaseModel], None]


class Lines:
    """What comes in, read by a thread of its own so that the line `stop` is heard during an answer. It ends what was asked
    before it, whether that is being answered or still waits, and nothing that is asked after it."""

    def __init__(self, source: IO[str], stop: str) -> None:
        self._source, self._stop = source, stop
        self._lines: queue.Queue[tuple[int, str]] = queue.Queue()
        self._at = 0
        self._stopped = 0
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> str:
        """The next line that is not a stop."""
        self._at, line = self._lines.get()
        return line

    def stopped(self) -> bool:
        """Whether the answer to the line that `next` gave should end."""
        return self._at <= self._stopped

    def _read(self) -> None:
        count = 0
        for line in self._source:
            if line.strip() == self._stop:
                self._stopped = count
            elif line.strip():
                count += 1
                self._lines.put((count, line))
        os._exit(0)  # nobody asks any more: not even an answer that is being given is finished


def begin(stop: str) -> tuple[Lines, Say]:
    """What is asked (standard input) and how to answer (standard output); what libraries print goes to the log."""
    limits.apply()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)

    def say(line: BaseModel) -> None:
        out.write(line.model_dump_json(exclude_defaults=True) + "\n")
        out.flush()

    return Lines(sys.stdin, stop), say


def in_words(error: Exception, words: Words) -> LoomError:
    """What went wrong with an ask, for who asked; the log gets a traceback of what nobody expected."""
    if isinstance(error, ValidationError):
        error = LoomError("request_invalid", f"What was asked is not as it should be: {error.errors()[0]['msg']}.")
    elif not isinstance(error, LoomError):
        traceback.print_exc()
    return translate(error, words)

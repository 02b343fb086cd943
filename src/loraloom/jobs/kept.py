"""Results of slow work that many ask for: the newest few are kept, and each is worked out by one thread alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Safe for several threads: whoever asks for what another is working out waits for it."""

    def __init__(self, most: int) -> None:
        """`most` results stay."""
        self._most = most
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Future[T]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for `key`, from `make` if nobody asked for it lately. What `make` raises is raised to all who wait, and
        tried again the next time."""
        mine: Future[T] = Future()
        with self._lock:
            result = self._results.setdefault(key, mine)
            self._results.move_to_end(key)
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        if result is mine:
            try:
                mine.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._results.get(key) is mine:
                        del self._results[key]
                mine.set_exception(error)
        return result.result()

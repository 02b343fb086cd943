"""Failed logins: each takes longer than the one before, by name, by address and by both. Kept in memory."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

FREE = {"both": 5, "address": 20, "name": 50}
"""Failures before one has to wait. A name alone has many: nobody shall be locked out by a stranger."""
LONGEST = 300
"""Seconds to wait at most."""
FORGOTTEN = 1800
"""Seconds without a failure after which all is forgotten."""
MOST = 10_000
"""Names and addresses that are remembered."""

Key = tuple[str, str]


class Throttle:
    """Counts every attempt as failed until it is said to be right, so that many at once gain nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def attempt(self, name: str, address: str) -> int:
        """Count an attempt; 0, or the seconds to wait first, in which case it was not counted."""
        now = self._clock()
        keys = _keys(name, address)
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if wait > 0:
                return int(wait) + 1
            for key in keys:
                self._failed[key] = (self._count(key, now) + 1, now)
                self._failed.move_to_end(key)
            while len(self._failed) > MOST:
                self._failed.popitem(last=False)
        return 0

    def succeed(self, name: str, address: str) -> None:
        """The attempt was right: forget the failures of this name from this address, and take the attempt back elsewhere."""
        with self._lock:
            for key in _keys(name, address):
                count, when = self._failed.get(key, (0, 0.0))
                if key[0] == "both" or count <= 1:
                    self._failed.pop(key, None)
                else:
                    self._failed[key] = (count - 1, when)

    def _count(self, key: Key, now: float) -> int:
        count, when = self._failed.get(key, (0, now))
        return count if now - when < FORGOTTEN else 0

    def _wait(self, key: Key, now: float) -> float:
        over = self._count(key, now) - FREE[key[0]]
        return self._failed[key][1] + min(2 ** min(over, 16), LONGEST) - now if over >= 0 else 0


def _keys(name: str, address: str) -> list[Key]:
    address = _network(address)
    name = name[:200]
    return [("both", f"{address} {name}"), ("address", address), ("name", name)]


def _network(address: str) -> str:
    """One customer has many addresses of IPv6: their /64 counts as one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address

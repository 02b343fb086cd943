"""How long the rest takes, with a range, from the steps so far."""

from __future__ import annotations

from collections import deque
from statistics import fmean, median, quantiles


class Clock:
    """Keeps the last 200 step times; the first step (warm-up of kernels and caches) does not count once others are there."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=200)
        self._seen = 0

    def add(self, seconds: float) -> None:
        """Note one step."""
        if self._seen == 1:
            self._times.clear()
        self._seen += 1
        self._times.append(seconds)

    def left(self, steps: int) -> tuple[float, float, float]:
        """(expected, low, high) seconds for `steps` more: mean, and the 10th and 90th percentile of a step."""
        times = list(self._times)
        if len(times) < 3:
            each = times[-1] if times else 0.0
            return each * steps, each * steps * 0.5, each * steps * 2
        deciles = quantiles(times, n=10)
        mean, middle = fmean(times), median(times)
        return mean * steps, min(deciles[0], middle, mean) * steps, max(deciles[-1], middle, mean) * steps

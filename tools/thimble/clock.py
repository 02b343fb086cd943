"""Training by the wall clock: a budget in minutes or until a time of day, however busy the machine is."""

import math
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Clock:
    """Time spent of a budget; `done` counts seconds spent before a resume."""

    budget: float
    done: float = 0.0

    def __post_init__(self) -> None:
        self.start = time.time()

    def elapsed(self) -> float:
        """Seconds spent, those before a resume included."""
        return self.done + time.time() - self.start

    def progress(self) -> float:
        """0 at the start, 1 when the budget is spent."""
        return min(1.0, self.elapsed() / self.budget)

    def cosine(self, peak: float, step: int, warmup: int, floor: float = 0.0) -> float:
        """Learning rate: linear warm-up by steps, then a cosine over the time budget."""
        rise = min(1.0, (step + 1) / max(1, warmup))
        return rise * (floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * self.progress())))


def add_arguments(parser: ArgumentParser, minutes: float) -> None:
    """`--minutes` and `--until`."""
    parser.add_argument("--minutes", type=float, default=minutes, help="time budget")
    parser.add_argument("--until", metavar="HH:MM", help="spend the time until this local time instead")


def clock_from(args: Namespace, done: float = 0.0) -> Clock:
    """The clock the arguments ask for, counting `done` seconds as spent."""
    if not args.until:
        return Clock(args.minutes * 60, done)
    hour, minute = map(int, args.until.split(":"))
    now = datetime.now()
    end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if end <= now:
        end += timedelta(days=1)
    return Clock((end - now).total_seconds() + done, done)

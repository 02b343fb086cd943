"""Hears through Celery that there is work. Each message wakes the worker, which then asks the server itself."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from loraloom.jobs import trace
from loraloom.jobs.messenger import TASK, celery_app

LOG = logging.getLogger("loraloom.worker")


def listen(url: str, wake: Callable[[], None]) -> None:
    """Call `wake` for every message, in a thread of its own that outlives every outage of the Redis at `url`."""
    app = celery_app(url)

    @app.task(name=TASK)
    def work(run_id: str, carrier: dict[str, str] | None = None) -> None:  # pyright: ignore[reportUnusedFunction]
        with trace.span("hear of work", run_id, carrier, kind="consumer"):
            wake()

    threading.Thread(target=_consume, args=(app,), name="listener", daemon=True).start()


def _consume(app: Any) -> None:
    """A Celery worker with one thread: nothing here forks, and signals stay with the program."""
    while True:
        try:
            worker = app.WorkController(
                pool="solo", concurrency=1, hostname=None, quiet=True, without_gossip=True, without_mingle=True
            )
            worker.start()
        except Exception as error:
            LOG.warning("the messenger is away: %s", error)
        time.sleep(2)

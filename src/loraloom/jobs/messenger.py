"""Tells workers through Celery on Redis that there is work. The database has the truth: a message is a hint to ask.

A message that is lost, comes twice or comes late does no harm: whoever asks is given what comes next, if there is anything,
and workers ask from time to time by themselves. So messages are acknowledged at once and never sent again by the broker.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from loraloom.jobs import trace

REDIS = "LORALOOM_REDIS"
QUEUE = "loom"
TASK = "loom.work"
AGAIN = 15.0
"""Seconds after which a run that still waits is told of again."""
LOG = logging.getLogger("loraloom.jobs")


def celery_app(url: str) -> Any:
    """A Celery application on the Redis at `url`. Settings: docs/workers.md tells why each."""
    from celery import Celery  # pyright: ignore[reportMissingTypeStubs]

    app: Any = Celery("loraloom", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,  # a worker that is busy leaves messages to others
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "priority_steps": list(range(10)),
            "queue_order_strategy": "priority",
            "sep": ":",
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 15,
        },
    )
    return app


def step_of(priority: int) -> int:
    """Celery's priority on Redis, 0 the highest, for one of Loom, higher first and 0 the usual."""
    return max(0, min(9, 5 - priority))


class Messenger:
    """Sends hints from a thread of its own, so that a broker that is away holds nothing up. Without `url` it is silent."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._waiting: dict[str, tuple[int, dict[str, str]]] = {}
        self._told: dict[str, float] = {}
        self._lock, self._bell = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def from_environment(cls) -> Messenger:
        """On the Redis of `LORALOOM_REDIS`, if that is set."""
        return cls(os.environ.get(REDIS) or None)

    @property
    def silent(self) -> bool:
        """Whether there is nobody to tell through it."""
        return self._url is None

    def tell(self, runs: Sequence[tuple[str, int]]) -> None:
        """There are idle workers, and these runs (id, priority) wait for one. Told at once, and again after a while."""
        if self._url is None:
            return
        moment = time.monotonic()
        with self._lock:
            self._told = {run_id: at for run_id, at in self._told.items() if moment - at < AGAIN}
            fresh = {
                run_id: (priority, trace.kept(run_id) or trace.carrier())
                for run_id, priority in runs
                if run_id not in self._told
            }
            self._told |= dict.fromkeys(fresh, moment)
            self._waiting |= fresh
        if fresh:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="messenger", daemon=True)
                self._thread.start()
            self._bell.set()

    def _work(self) -> None:
        assert self._url is not None
        app = celery_app(self._url)
        while True:
            self._bell.wait()
            self._bell.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            for run_id, (priority, carrier) in waiting.items():
                try:
                    with trace.span("tell workers", run_id, carrier, kind="producer"):
                        app.send_task(
                            TASK, (run_id, trace.carrier()), priority=step_of(priority), expires=AGAIN, retry=False
                        )
                except Exception as error:  # workers ask by themselves too
                    LOG.warning("workers could not be told through Redis: %s", error)
                    break

"""The one `Ingest` of each server."""

from __future__ import annotations

import threading

from loraloom.server.context import Context
from loraloom.server.ingest import Ingest

_running: dict[int, Ingest] = {}
_lock = threading.Lock()


def ingest_of(context: Context) -> Ingest:
    """The server's ingest, begun when it is first asked for."""
    with _lock:
        if id(context) not in _running:
            _running[id(context)] = Ingest(context)
        return _running[id(context)]


def stop(context: Context) -> None:
    """End it, if it was begun."""
    with _lock:
        ingest = _running.pop(id(context), None)
    if ingest is not None:
        ingest.stop()

"""Once an hour: what is older than an administrator wants it goes, then the blobs that nothing names."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from loraloom.jobs import lifecycle
from loraloom.store.blobs import Blobs
from loraloom.store.database import Database
from loraloom.store.tables import now

LOG = logging.getLogger("loraloom.server")
EVERY = 3600.0
"""Seconds."""


class Tidying:
    """One thread of the server, which begins an hour after its start."""

    def __init__(self, database: Database, blobs: Blobs, home: Path) -> None:
        self._database, self._blobs, self._home = database, blobs, home
        self._ending = threading.Event()

    def begin(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._work, name="tidying", daemon=True).start()

    def stop(self) -> None:
        """No further round."""
        self._ending.set()

    def _work(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                with self._database.session() as session:
                    freed = lifecycle.keep_in_bounds(session, self._home, self._blobs, now())
                LOG.info("tidied: %s", freed.model_dump_json(exclude_defaults=True))
            except Exception:
                LOG.exception("tidying failed")

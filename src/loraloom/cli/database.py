"""The server's records, for commands that work whether the server runs or not."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@contextmanager
def session() -> Generator[Session]:
    """A session of the database in the data home, up to date. Raises LoomError `extra_missing`, `database_unusable`."""
    from loraloom.data.home import home
    from loraloom.spec.errors import LoomError

    try:
        from loraloom.store.database import Database, sqlite_url
    except ImportError as error:
        raise LoomError(
            "extra_missing", "This needs the server's packages.", "pip install 'loraloom[server]'"
        ) from error

    home().mkdir(parents=True, exist_ok=True)
    database = Database(os.environ.get("LORALOOM_DATABASE") or sqlite_url(home()))
    try:
        database.migrate()
        with database.session() as opened:
            yield opened
    finally:
        database.close()

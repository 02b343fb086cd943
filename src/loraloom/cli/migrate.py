"""`loraloom migrate`: brings the records up to this version before a server of it starts."""

from __future__ import annotations

import os


def migrate() -> None:
    """Bring the database up to date. A server does so itself when it starts; with several, do it once before."""
    from loraloom.cli.extra import need

    need("sqlalchemy", "server")
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from loraloom.data.home import home
    from loraloom.store.database import Database, sqlite_url

    def revision() -> str | None:
        try:
            with database.engine.connect() as connection:
                return connection.scalar(text("SELECT version_num FROM alembic_version"))
        except DBAPIError:  # no tables yet, or no such database, which `migrate` says
            return None

    home().mkdir(parents=True, exist_ok=True)
    database = Database(os.environ.get("LORALOOM_DATABASE") or sqlite_url(home()))
    try:
        before = revision()
        database.migrate()
        after = revision()
    finally:
        database.close()
    if before == after:
        print(f"The records are up to date ({after}).")
    else:
        print(f"The records are up to date now: {after}, before {before or 'there were none'}.")

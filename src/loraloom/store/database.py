"""The database: SQLite in WAL mode in the data home, or PostgreSQL by URL, brought to the newest schema at start."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from loraloom.spec.errors import LoomError

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 7860
"""Key of PostgreSQL's lock for migrations: any number that nobody else uses."""


class Database:
    """Sessions on one engine. `url` is SQLAlchemy's, such as `sqlite:///x.db` or `postgresql+psycopg://host/name`."""

    def __init__(self, url: str) -> None:
        self.url = url
        if url.startswith("sqlite"):
            self.engine = create_engine(url, connect_args={"timeout": 30})
            event.listen(self.engine, "connect", _set_up_sqlite)
        else:
            self.engine = create_engine(
                url, pool_pre_ping=True, pool_size=20, max_overflow=20
            )  # as many as threads that answer
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Generator[Session]:
        """A session that is committed at the end, and rolled back when something goes wrong."""
        with self._sessions() as session:  # rolls back what was not committed
            yield session
            session.commit()

    def migrate(self) -> None:
        """Make the tables, or bring them to this version. Raises LoomError `database_unusable`."""
        if self._is_newest():
            return
        from alembic import command  # slow to import, and seldom needed

        try:
            with self.engine.begin() as connection:
                if connection.dialect.name == "postgresql":  # another server may be at it, too
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                command.upgrade(alembic_config(self.engine, connection), "head")
        except DBAPIError as error:
            raise LoomError(
                "database_unusable", f"The database cannot be used: {error.orig}.", "Check LORALOOM_DATABASE."
            ) from error

    def _is_newest(self) -> bool:
        newest = max(file.name for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]
        try:
            with self.engine.connect() as connection:
                return connection.scalar(text("SELECT version_num FROM alembic_version")) == newest
        except DBAPIError:  # no such table yet, or no such database: migrating says which
            return False

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def sqlite_url(home: Path) -> str:
    """The default: one file in the data home."""
    return f"sqlite:///{home / 'loraloom.db'}"


def alembic_config(engine: Engine, connection: Any = None) -> Any:
    """Alembic's configuration, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    config.attributes["connection"] = connection
    return config


def _set_up_sqlite(connection: Any, record: Any) -> None:
    del record
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

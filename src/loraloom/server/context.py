"""What every request may use: made once at start, handed out by `deps`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from loraloom.data import home as data_home
from loraloom.jobs.supervisor import Supervisor
from loraloom.server.ingest import Ingest
from loraloom.server.live import Hub
from loraloom.server.looking import Looking
from loraloom.server.preparing import Preparing
from loraloom.server.reading import Reading
from loraloom.server.teaching import Teaching
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url

DATABASE = "LORALOOM_DATABASE"


@dataclass(frozen=True)
class Options:
    """How the server was started. `hosts` are the names under which browsers may reach it."""

    home: Path = field(default_factory=data_home.home)
    database: str | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    hosts: tuple[str, ...] = ()
    warm: bool = True
    train: bool = True
    """Whether runs are started by this process."""
    import_roots: tuple[Path, ...] = ()
    """Folders of this machine from which data sets may be read."""


@dataclass(frozen=True)
class Context:
    """The server's own parts."""

    options: Options
    database: Database
    blobs: FolderBlobs
    supervisor: Supervisor
    hub: Hub
    ingest: Ingest
    looking: Looking
    teaching: Teaching
    texts: Reading
    preparing: Preparing

    @property
    def home(self) -> Path:
        """The data home."""
        return self.options.home


def open_database(options: Options) -> Database:
    """The database, brought up to date. Raises LoomError `database_unusable`."""
    options.home.mkdir(parents=True, exist_ok=True)
    database = Database(options.database or os.environ.get(DATABASE) or sqlite_url(options.home))
    database.migrate()
    return database


def make_context(options: Options) -> Context:
    """Open the stores in the data home and bring the database up to date. Raises LoomError `database_unusable`."""
    for name in ("", "runs", "uploads", "models", "cache"):
        (options.home / name).mkdir(parents=True, exist_ok=True)
    database = open_database(options)
    blobs = FolderBlobs(options.home / "blobs")
    hub = Hub(options.home / "runs")
    supervisor = Supervisor(database, blobs, options.home, warm=options.warm, tell=hub.tell)
    return Context(
        options,
        database,
        blobs,
        supervisor,
        hub,
        Ingest(database, blobs, options.home),
        Looking(database, blobs),
        Teaching(options.home / "runs"),
        Reading(),
        Preparing(),
    )

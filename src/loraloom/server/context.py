"""What every request may use: made once at start, handed out by `deps`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from loraloom.data import home as data_home
from loraloom.jobs import yaml_file
from loraloom.jobs.giving import Giver
from loraloom.jobs.messenger import Messenger
from loraloom.jobs.supervisor import Supervisor
from loraloom.server.ingest import Ingest
from loraloom.server.live import Hub
from loraloom.server.looking import Looking
from loraloom.server.preparing import Preparing
from loraloom.server.reading import Reading
from loraloom.server.teaching import Teaching
from loraloom.server.tidying import Tidying
from loraloom.spec.work import WorkerDevice
from loraloom.store.blobs import Blobs, open_blobs
from loraloom.store.database import Database, sqlite_url

if TYPE_CHECKING:
    from loraloom.jobs.pods import Pods

DATABASE, BLOBS, KUBERNETES = "LORALOOM_DATABASE", "LORALOOM_BLOBS", "LORALOOM_KUBERNETES"


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
    """Whether runs are looked after by this process."""
    own: tuple[WorkerDevice, ...] | None = None
    """Devices of this machine that carry out runs; None: every one."""
    import_roots: tuple[Path, ...] = ()
    """Folders of this machine from which data sets may be read."""


@dataclass(frozen=True)
class Context:
    """The server's own parts."""

    options: Options
    database: Database
    blobs: Blobs
    supervisor: Supervisor
    giver: Giver
    pods: Pods | None
    """Where a Kubernetes cluster carries out runs."""
    hub: Hub
    ingest: Ingest
    looking: Looking
    teaching: Teaching
    texts: Reading
    preparing: Preparing
    tidying: Tidying

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
    blobs = open_blobs(os.environ.get(BLOBS), options.home)
    hub = Hub(options.home / "runs")
    supervisor = Supervisor(
        database,
        blobs,
        options.home,
        warm=options.warm,
        tell=hub.tell,
        own=options.own,
        messenger=Messenger.from_environment(),
    )
    giver = Giver(database, blobs, options.home, supervisor.leases, hub.tell)
    return Context(
        options,
        database,
        blobs,
        supervisor,
        giver,
        _pods(giver),
        hub,
        Ingest(database, blobs, options.home),
        Looking(database, blobs),
        Teaching(options.home / "runs"),
        Reading(),
        Preparing(),
        Tidying(database, blobs, options.home),
    )


def _pods(giver: Giver) -> Pods | None:
    """The cluster of the settings that `LORALOOM_KUBERNETES` names. Raises LoomError `file_not_found`, `config_invalid`."""
    file = os.environ.get(KUBERNETES)
    if not file:
        return None
    from loraloom.jobs.pods import Pods
    from loraloom.jobs.runners.kubernetes import Settings

    return Pods(giver, Settings.of(yaml_file.read(Path(file))))

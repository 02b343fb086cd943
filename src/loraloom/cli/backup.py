"""`loraloom backup` and `loraloom restore`: everything a server keeps, in one file and back."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loraloom.cli.show import note, print_json

if TYPE_CHECKING:
    from loraloom.jobs.backup import Made
    from loraloom.store.blobs import Blobs
    from loraloom.store.database import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
EVERY = 5.0
"""Seconds between two words about how far it is."""


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New file, .tar or .tar.zst (compressed).")],
    blobs: Annotated[
        bool,
        typer.Option(
            "--blobs/--no-blobs", help="Pictures and files of workers; a bucket may have a backup of its own."
        ),
    ] = True,
    models: Annotated[bool, typer.Option("--models", help="Base models that were uploaded, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write records, pictures and runs to one file, also while the server works. It holds secrets: keep it safe."""
    from loraloom.data.home import home
    from loraloom.jobs.backup import backup as write

    with _opened() as (database, store):
        made = write(database, store, home(), file, with_blobs=blobs, with_models=models, say=_say())
    _tell(made, as_json, f"{made.file}: {_counted(made)}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `loraloom backup` wrote.")],
    as_json: AsJson = False,
) -> None:
    """Bring a backup back, into an empty data home and database. Everything is checked first, nothing is overwritten."""
    from loraloom.data.home import home
    from loraloom.jobs.restore import restore as bring_back

    with _opened() as (database, store):
        made = bring_back(database, store, home(), file, _say())
    _tell(made, as_json, f"{home()} holds the backup again: {_counted(made)}")


def _tell(made: Made, as_json: bool, words: str) -> None:
    if made.missing:
        note(
            f"{len(made.missing)} files that records name were missing in the server's store, such as {made.missing[0]}."
        )
    if as_json:
        print_json(
            {
                "file": str(made.file),
                "files": made.files,
                "bytes": made.bytes,
                "rows": made.rows,
                "missing": made.missing,
            }
        )
    else:
        print(words)


def _counted(made: Made) -> str:
    from loraloom.cli.words import counted, size

    rows = sum(made.rows.values())
    return f"{counted(rows, 'record')}, {counted(made.files, 'file')}, {size(made.bytes)}."


@contextmanager
def _opened() -> Generator[tuple[Database, Blobs]]:
    """The database and the blobs as the server would open them, the database as it is."""
    from loraloom.cli.extra import need

    need("sqlalchemy", "server")
    from loraloom.data.home import home
    from loraloom.store.blobs import open_blobs
    from loraloom.store.database import Database, sqlite_url

    database = Database(os.environ.get("LORALOOM_DATABASE") or sqlite_url(home()))
    try:
        yield database, open_blobs(os.environ.get("LORALOOM_BLOBS"), home())
    finally:
        database.close()


def _say() -> Callable[[str, int, int], None]:
    """Says every few seconds how far it is."""
    from loraloom.cli.words import counted, size

    since = time.monotonic()

    def say(what: str, files: int, done: int) -> None:
        nonlocal since
        if time.monotonic() - since > EVERY:
            since = time.monotonic()
            print(f"{what}: {counted(files, 'file')}, {size(done)}", file=sys.stderr, flush=True)

    return say

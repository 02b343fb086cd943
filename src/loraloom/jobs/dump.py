"""Every table as JSON lines, as of one moment, and back into an empty database: SQLite or PostgreSQL, whatever it came from.
What the columns are is read from the database itself, so that records of an older Loom can be kept and brought back too."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Integer, MetaData, Table, Text, cast, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from loraloom.spec.errors import LoomError
from loraloom.store.database import Database, alembic_config
from loraloom.store.tables import Table as Ours

VERSIONS = "alembic_version"
BLOBS = frozenset({("images", "blob"), ("images", "mask"), ("drawings", "blob"), ("artifacts", "sha256")})
"""Columns that name blobs."""
BATCH = 500


@dataclass
class Snapshot:
    """The records of one moment: `<table>.jsonl` in `folder`, in an order in which they can be put back."""

    revision: str
    folder: Path
    rows: dict[str, int] = field(default_factory=dict[str, int])
    blobs: set[str] = field(default_factory=set[str])
    """Keys that the rows name."""
    ids: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Of runs and LoRAs."""


def take(database: Database, folder: Path) -> Snapshot:
    """Write every table to `folder` as it is at one moment, while others go on writing. Raises LoomError
    `database_unusable` when there are no records."""
    with _told(), _frozen(database) as connection:
        if not inspect(connection).has_table(VERSIONS):
            raise LoomError("database_unusable", "The database has no records yet.", "Check LORALOOM_DATABASE.")
        made = Snapshot(_revision(connection), folder)
        for table in _tables(connection):
            with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as stream:
                made.rows[table.name] = 0
                for row in _rows(connection, table):
                    stream.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
                    made.rows[table.name] += 1
                    made.blobs.update(key for name in row if (table.name, name) in BLOBS and (key := row[name]))
                    if table.name in ("runs", "loras"):
                        made.ids.setdefault(table.name, set()).add(row["id"])
    return made


def gone_since(database: Database, snapshot: Snapshot) -> dict[str, list[str]]:
    """Runs and LoRAs that were deleted after the snapshot: their files may be gone too."""
    with database.engine.connect() as connection:
        tables = {table.name: table for table in _tables(connection)}
        return {
            name: sorted(ids - set(connection.scalars(select(tables[name].c.id)))) for name, ids in snapshot.ids.items()
        }


def check_empty(database: Database) -> None:
    """Raises LoomError `in_use` when the database has rows, `database_unusable` when it has tables that are not ours."""
    known = {*Ours.metadata.tables, VERSIONS}
    with _told(), database.engine.connect() as connection:
        for table in _tables(connection):
            if table.name not in known:
                says = f"The database holds a table {table.name}, which is not Loom's."
                raise LoomError("database_unusable", says, "Name an empty database in LORALOOM_DATABASE.")
            if connection.scalar(select(func.count()).select_from(table)):
                says = f"The database holds records already (in {table.name})."
                hint = "A restore overwrites nothing: name an empty database in LORALOOM_DATABASE."
                raise LoomError("in_use", says, hint)


def put_back(
    database: Database,
    revision: str,
    lines: Callable[[str], Iterable[str]],
    gone: Mapping[str, list[str]],
    moved: tuple[str, str] | None = None,
) -> dict[str, int]:
    """Fill an empty database: tables of `revision`, the rows in `lines(table)` without those in `gone`, then this version's
    tables. All rows or none. `moved`: what a path began with, and begins with now. Returns rows by table.

    Raises LoomError `archive_refused` for records of a newer Loom, `database_unusable`."""
    counts: dict[str, int] = {}
    with _told():
        _make_tables(database, revision)
    with _told(), database.engine.begin() as connection:
        tables = _tables(connection)
        for table in tables:
            counts[table.name] = 0
            for column in table.columns:
                if isinstance(column.type, JSON):
                    column.type = JSON(none_as_null=True)
            for batch in _batches(lines(table.name), BATCH):
                rows = [_typed(table, json.loads(_moved(line, moved))) for line in batch]
                connection.execute(table.insert(), rows)
                counts[table.name] += len(rows)
            if connection.dialect.name == "postgresql":
                _count_on(connection, table)
        for table in tables:
            for row_id in gone.get(table.name, ()):
                connection.execute(table.delete().where(table.c.id == row_id))
    database.migrate()
    return counts


@contextmanager
def _told() -> Generator[None]:
    """What the database says when it cannot be used, in the user's words."""
    try:
        yield
    except DBAPIError as error:
        says = f"The database cannot be used: {error.orig}."
        raise LoomError("database_unusable", says, "Check LORALOOM_DATABASE and LORALOOM_HOME.") from error


@contextmanager
def _frozen(database: Database) -> Generator[Connection]:
    """A connection that sees one moment. SQLite's WAL and PostgreSQL both let others write meanwhile."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection
        connection.rollback()


def _tables(connection: Connection) -> list[Table]:
    """Parents before children."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSIONS]


def _revision(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """JSON as it is written there: SQL's NULL and JSON's `null` are two things."""
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.columns]
    for row in connection.execution_options(yield_per=BATCH).execute(select(*columns)).mappings():
        yield dict(row)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    raise TypeError(f"a {type(value).__name__} in a table")


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the table of this database takes it."""
    for column in table.columns:
        value = row.get(column.name)
        if value is None:
            continue
        if isinstance(column.type, JSON):
            row[column.name] = JSON.NULL if value == "null" else json.loads(value)
        elif isinstance(column.type, DateTime):
            moment = datetime.fromisoformat(value)
            row[column.name] = moment if column.type.timezone else moment.replace(tzinfo=None)
    return row


def _moved(line: str, moved: tuple[str, str] | None) -> str:
    """Paths inside the old data home lead into the new one: as a value, and as one inside a column of JSON."""
    if moved is None or moved[0] == moved[1]:
        return line
    old, new = (json.dumps(home, ensure_ascii=False)[1:-1] for home in moved)
    inner_old, inner_new = (json.dumps(home, ensure_ascii=False)[1:-1] for home in (old, new))
    return line.replace(f'\\"{inner_old}/', f'\\"{inner_new}/').replace(f'"{old}/', f'"{new}/')


def _make_tables(database: Database, revision: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(database.engine)
    if revision not in {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}:
        says = f"The backup was made by a newer Loom (records {revision})."
        raise LoomError("archive_refused", says, "Update Loom first.")
    with database.engine.begin() as connection:
        there = MetaData()
        there.reflect(connection)
        there.drop_all(connection)  # they are empty, and may be of another version
        command.upgrade(alembic_config(database.engine, connection), revision)


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL's own counters of numbered rows go on behind the rows that are there."""
    for column in table.primary_key:
        if isinstance(column.type, Integer):
            name = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
            highest = connection.scalar(select(func.max(column)))
            if name is not None and highest is not None:
                connection.execute(select(func.setval(name, highest)))


def _batches(lines: Iterable[str], count: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch

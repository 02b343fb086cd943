"""Run by Alembic: works on the connection it is handed, or on one of the engine's."""

from __future__ import annotations

from typing import Any

from alembic import context

from loraloom.store.tables import Table


def _run(connection: Any) -> None:
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


handed = context.config.attributes.get("connection")
if handed is not None:
    _run(handed)
else:
    with context.config.attributes["engine"].connect() as own:
        _run(own)

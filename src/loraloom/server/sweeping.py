"""Throwing away uploads that nobody finished, and results that nobody will ask for any more."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select

from loraloom.store.database import Database
from loraloom.store.tables import Upload, now

KEEP = timedelta(days=5)
"""As long as an upload may be continued."""


def sweep(database: Database, folder: Path) -> None:
    """Delete rows older than `KEEP`, and the files of uploads that have no row."""
    with database.session() as session:
        session.execute(delete(Upload).where(Upload.created_at < now() - KEEP, Upload.state != "checking"))
        known = set(session.scalars(select(Upload.id)))
        checking = set(session.scalars(select(Upload.id).where(Upload.state == "checking")))
    for path in folder.glob("*"):
        upload_id = path.name.split(".", 1)[0]
        if (
            path.name in ("waiting", ".locks")
            or upload_id in checking
            or (upload_id in known and path.suffix != ".unpacked")
        ):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

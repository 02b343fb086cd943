"""An uploaded file of texts: read as any data file, its examples added, its notes kept as problems of the data set."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from loraloom.data.names import safe_component
from loraloom.spec.example import LineNote, TextReport
from loraloom.store import datasets, examples
from loraloom.store.changes import LOCK
from loraloom.store.database import Database
from loraloom.store.tables import Upload

AUTHOR = "import"
MAX_NOTES = 200
"""Notes of one upload that are kept; the rest is counted."""


def take_in(database: Database, upload: Upload, path: Path, scratch: Path) -> None:
    """Add what the file or folder at `path` holds, which a person called `upload.filename`. Raises LoomError as `read` does.

    Notes of lines name their file as the person did.
    """
    report = _read(upload, path, scratch)
    with LOCK, database.session() as session:
        there = session.get(Upload, upload.id)
        if there is None or there.dataset_id is None:  # deleted with its data set meanwhile
            return
        added, duplicates = examples.add(session, there.dataset_id, report.examples, AUTHOR)
        skipped = [note for note in report.skipped if note.reason != "duplicate"]
        notes = _told(skipped + report.warnings, upload.filename)
        there.added, there.duplicates = added, duplicates + len(report.skipped) - len(skipped)
        there.problems = [{"file": file, "reason": reason, "message": says} for file, reason, says in notes]
        there.state = "done" if report.examples or not skipped else "refused"
        datasets.add_problems(session, there.dataset_id, notes)


def _read(upload: Upload, path: Path, scratch: Path) -> TextReport:
    """Read the file under the name that its owner knows: how it ends says what it is, and notes name it."""
    from loraloom.data.examples.read import read

    if upload.source:
        return read(str(path))
    named = scratch / safe_component(upload.filename.rsplit("/", 1)[-1])
    try:
        scratch.mkdir(exist_ok=True)
        named.unlink(missing_ok=True)
        os.link(path, named)
    except OSError:  # a disk without links
        shutil.copyfile(path, named)
    try:
        return read(str(named))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _told(notes: list[LineNote], filename: str) -> list[tuple[str, str, str]]:
    """File, reason and sentence of each note, as many as are kept."""
    rows = [(note.file or filename, str(note.reason), note.message) for note in notes]
    if len(rows) > MAX_NOTES:
        says = f"and {len(rows) - MAX_NOTES:,} more lines were refused or odd."
        rows = [*rows[:MAX_NOTES], (filename, rows[MAX_NOTES][1], says)]
    return rows

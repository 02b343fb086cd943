"""What happens to an upload after its last byte: checked on a thread, its result written to its row.

The row says `checking` until the end, so that a server that was stopped begins the check again.
"""

from __future__ import annotations

import logging
import math
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from loraloom.data.intake import Item, Taken, take_in
from loraloom.server import texts_in
from loraloom.server.adding import Adding
from loraloom.server.base_upload import move_in
from loraloom.server.lora_upload import take_lora
from loraloom.server.sweeping import sweep
from loraloom.server.tus_info import is_whole
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError
from loraloom.store import datasets
from loraloom.store.blobs import Blobs
from loraloom.store.changes import LOCK
from loraloom.store.database import Database
from loraloom.store.tables import Upload
from loraloom.store.waiting import Waiting

LOG = logging.getLogger("loraloom.uploads")
THREADS = 2
BATCH, BATCH_SECONDS = 32, 1.0
MAX_NOTES = 200
"""Notes of one upload that are kept; the rest is counted."""
QUIET = frozenset(("exif_rotated", "sixteen_bit", "hidden", "cache"))
"""Remarks that are no problem of the data set."""


class Ingest:
    """Checks uploads, a few at a time."""

    def __init__(self, database: Database, blobs: Blobs, home: Path) -> None:
        self.folder = home / "uploads"
        self.waiting = Waiting(self.folder / "waiting")
        self._database, self._blobs, self._home = database, blobs, home
        self._tidied = -math.inf
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ingest")

    def arrived(self, upload_id: str) -> None:
        """The last byte is there. Told twice, it is checked once."""
        waits = update(Upload).where(Upload.id == upload_id, Upload.state == "receiving").values(state="checking")
        with self._database.session() as session:
            first = session.execute(waits.returning(Upload.id)).first() is not None
        if first:
            self._pool.submit(self._check, upload_id)

    def tidy(self, every: float = 6 * 3600.0) -> None:
        """Throw expired uploads away, once in a while."""
        if time.monotonic() - self._tidied >= every:
            self._tidied = time.monotonic()
            sweep(self._database, self.folder)

    def begin(self) -> None:
        """Called when the server starts: throws away what expired, and checks again what was being checked."""
        self.tidy()
        self.resume()

    def resume(self) -> None:
        """Check again what was being checked when the server stopped, and what had just arrived."""
        with self._database.session() as session:
            ids = session.scalars(select(Upload.id).where(Upload.state == "checking").order_by(Upload.created_at)).all()
            open_ids = session.scalars(select(Upload.id).where(Upload.state == "receiving")).all()
        for upload_id in ids:
            self._pool.submit(self._check, upload_id)
        for upload_id in open_ids:
            if is_whole(self.folder, upload_id):
                self.arrived(upload_id)

    def stop(self) -> None:
        """Leave what is not finished to the next start."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _check(self, upload_id: str) -> None:
        try:
            with self._database.session() as session:
                upload = session.get(Upload, upload_id)
            if upload is not None and not self._stopping.is_set():
                self._check_one(upload)
        except Exception:
            if self._is_gone(upload_id):  # with its data set, while it was checked
                (self.folder / upload_id).unlink(missing_ok=True)
                return
            LOG.exception("upload %s could not be checked", upload_id)
            says = (
                "Something unexpected went wrong on the server; upload it again, and report it if that does not help."
            )
            self._refuse(upload_id, "internal", says)

    def _check_one(self, upload: Upload) -> None:
        path = Path(upload.source) if upload.source else self.folder / upload.id
        try:
            if upload.kind == "base_model":
                move_in(self._database, self._home / "models", upload, path)
            elif upload.kind == "lora":
                take_lora(self._database, self._home, upload, path)
            else:
                self._fill(upload, path)
        except LoomError as error:
            says = f"{error.message} {error.hint}".replace(str(self.folder), "the server").strip()
            self._refuse(upload.id, error.code, says)
        if not self._stopping.is_set() and not upload.source:
            _empty(path)

    def _fill(self, upload: Upload, path: Path) -> None:
        assert upload.dataset_id is not None
        with self._database.session() as session:
            kind = datasets.get_dataset(session, upload.dataset_id).kind
        if kind == "texts":
            texts_in.take_in(self._database, upload, path, self.folder / f"{upload.id}.unpacked")
            return
        adding = Adding(self._blobs, self.waiting, upload.dataset_id, upload.added)
        scratch = self.folder / f"{upload.id}.unpacked"
        try:
            for batch in _batches(take_in(path, upload.filename, scratch)):
                if self._stopping.is_set():
                    return
                with LOCK, self._database.session() as session:
                    adding.add(session, batch)
                    _tell(session, upload.id, adding)
                adding.settle()
            adding.finish()
            with LOCK, self._database.session() as session:
                _tell(session, upload.id, adding, done=True)
        finally:
            if not self._stopping.is_set():
                shutil.rmtree(scratch, ignore_errors=True)

    def _is_gone(self, upload_id: str) -> bool:
        with self._database.session() as session:
            return session.get(Upload, upload_id) is None

    def _refuse(self, upload_id: str, reason: str, message: str) -> None:
        with self._database.session() as session:
            upload = session.get(Upload, upload_id)
            if upload is None:
                return
            upload.state = "refused"
            upload.problems = [{"file": upload.filename, "reason": reason, "message": message}]
            if upload.dataset_id is not None:
                datasets.add_problems(session, upload.dataset_id, [(upload.filename, reason, message)])


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Items in groups, so that a page sees pictures come without a transaction for each."""
    batch: list[Item] = []
    since, pictures = time.monotonic(), 0
    for item in items:
        batch.append(item)
        pictures += isinstance(item, Taken)
        if pictures >= BATCH or time.monotonic() - since > BATCH_SECONDS:
            yield batch
            batch, since, pictures = [], time.monotonic(), 0
    if batch:
        yield batch


def _tell(session: Session, upload_id: str, adding: Adding, done: bool = False) -> None:
    """Write to the upload's row how far it is; nothing when somebody deleted it with its data set."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.dataset_id is None:
        return
    upload.added, upload.duplicates, upload.captions = adding.added, adding.duplicates, adding.captions
    if not done:
        return
    notes = adding.notes[:MAX_NOTES]
    if len(adding.notes) > MAX_NOTES:
        says = f"and {len(adding.notes) - MAX_NOTES:,} more files were refused or odd."
        notes.append(FileNote(file=upload.filename, reason=adding.notes[MAX_NOTES].reason, message=says))
    upload.problems = [note.model_dump() for note in notes]
    nothing = not (adding.added or adding.duplicates or adding.captions)
    upload.state = "refused" if nothing and any(note.reason != "caption_without_picture" for note in notes) else "done"
    rows = ((note.file, note.reason, note.message) for note in notes if note.reason not in QUIET)
    datasets.add_problems(session, upload.dataset_id, rows)


def _empty(path: Path) -> None:
    """Give the room back, and leave a file: a client whose last answer was lost asks for it and hears that all is there."""
    try:
        with path.open("wb"):
            pass
    except OSError:
        LOG.warning("upload %s could not be emptied", path.name)

"""What becomes of runs that cannot be given now or ever, and of what workers are known for, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from loraloom.jobs import grants, received, workers
from loraloom.jobs.giving import Giver
from loraloom.spec.errors import LoomError
from loraloom.spec.work import FileRef, Register
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database
from loraloom.store.tables import Grant, Lease, Run, Worker, now
from tests.service.test_grants import DEVICE, give
from tests.service.test_grants import run as run

HOURS = timedelta(hours=3)


@pytest.mark.parametrize(
    ("code", "state", "how"),
    [
        ("blobs_unreachable", "queued", "returned"),
        ("disk_full", "queued", "returned"),
        ("dataset_empty", "failed", "ended"),
    ],
)
def test_only_what_is_wrong_with_the_run_fails_it(
    database: Database, run: str, tmp_path: Path, code: str, state: str, how: str
) -> None:
    grant, _ = give(database)
    giver = Giver(database, FolderBlobs(tmp_path / "blobs"), tmp_path, grants.Leases(), lambda run_id, spoke: None)
    giver.refuse(grant, LoomError(code, "It cannot be used now.", "Look at it."))
    with database.session() as session:
        row = session.get_one(Run, run)
        assert row.state == state and (row.error is None) == (state == "queued")
        assert [one.how for one in session.scalars(select(Grant))] == [how]
        assert session.scalar(select(Lease.run_id).where(Lease.run_id.is_not(None))) is None


def test_what_a_later_child_adds_to_does_not_reach_the_blob(database: Database, run: str, tmp_path: Path) -> None:
    grant, _ = give(database)
    blobs, run_dir = FolderBlobs(tmp_path / "blobs"), tmp_path / "run"
    for path in ("log.txt", "samples/step-000005/01.png"):
        key = blobs.put(path.encode())
        with database.session() as session:
            put = [FileRef(path=path, sha256=key, bytes=len(path))]
            received.take_files(session, grant, run_dir, blobs, put, [])
        with (run_dir / path).open("ab") as stream:
            stream.write(b"more")
        assert (run_dir / path).read_bytes() == path.encode() + b"more"
        assert blobs.path(key).read_bytes() == path.encode()


@pytest.mark.parametrize("off", [-HOURS, HOURS])
def test_a_worker_that_works_is_there(database: Database, run: str, off: timedelta) -> None:
    grant, _ = give(database)
    with database.session() as session:
        workers.register(session, Register(name="w1", devices=[DEVICE, DEVICE.model_copy(update={"id": "cuda:0"})]))
        session.scalars(select(Worker)).one().seen_at = now() + off  # by the server's clock, which was moved since
    with database.session() as session:
        workers.heard(session, grant.worker_id)
    with database.session() as session:
        assert abs(session.scalars(select(Worker)).one().seen_at - now()) < timedelta(minutes=1)
        assert workers.idle_devices(session) == 1

"""What becomes of runs that cannot be given now or ever, and of what workers are known for, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from loraloom.jobs import grants, queue, received, workers
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


def introduce(database: Database, instance: str, **columns: object) -> str:
    """A worker introduces itself; its id."""
    with database.session() as session:
        worker = workers.register(session, Register(name="w1", devices=[DEVICE], instance=instance))
        for name, value in columns.items():
            setattr(worker, name, value)
        return worker.id


def test_a_name_belongs_to_one_home_while_that_is_there(database: Database) -> None:
    first = introduce(database, "one", draining=True)
    assert introduce(database, "one") == first
    for other in ("two", ""):
        with pytest.raises(LoomError) as error:
            introduce(database, other)
        assert error.value.code == "in_use" and "--name" in error.value.hint
    with database.session() as session:
        assert session.scalars(select(Worker.instance)).all() == ["one"], "who is refused changes nothing"


@pytest.mark.parametrize("off", [-workers.SEEN, -HOURS, HOURS])
def test_a_name_passes_over_once_its_worker_is_away(database: Database, run: str, off: timedelta) -> None:
    first = introduce(database, "one", draining=True, seen_at=now() + off)
    with database.session() as session:
        run_id = queue.take(session, DEVICE, name="w1/cpu", worker="w1")
        assert run_id is not None
        grants.give(session, run_id, session.get_one(Worker, first), "cpu")
    second = introduce(database, "two")
    assert second != first
    with database.session() as session:
        assert session.get_one(Worker, second).draining, "what an administrator said of the name holds"
        (grant,) = session.scalars(select(Grant))
        assert (grant.worker_id, grant.ended_at) == (None, None), "it may still be at work"
        grants.hold(session, grant)
        with pytest.raises(LoomError) as error:
            workers.get(session, first)
        assert error.value.code == "worker_not_found"
    with pytest.raises(LoomError) as error:
        introduce(database, "one")
    assert error.value.code == "in_use"


def test_workers_that_do_not_say_who_they_are(database: Database) -> None:
    first = introduce(database, "")
    assert introduce(database, "") == first
    assert introduce(database, "one") == first, "the same one after an upgrade"

"""Who may write for a run, on both databases: the newest grant alone, each event once, no file outside the run."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from loraloom.jobs import asks, grants, queue, received, workers
from loraloom.jobs.states import move
from loraloom.spec.errors import LoomError
from loraloom.spec.event import StepLogged, encode
from loraloom.spec.work import FileRef, Register, WorkerDevice
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database
from loraloom.store.tables import Artifact, Grant, Run

DEVICE = WorkerDevice(id="cpu", memory_total=8 << 30)


def step(number: int) -> str:
    said = StepLogged(
        step=number, total_steps=9, epoch=1, loss=0.5, smoothed_loss=0.5, lr=1e-4, step_seconds=1.0, eta_seconds=1.0,
        eta_low_seconds=1.0, eta_high_seconds=1.0, memory_bytes=1, peak_memory_bytes=1, device="cpu",
    )  # fmt: skip
    return encode(number, datetime.now(UTC), said).rstrip("\n")


@pytest.fixture
def run(database: Database) -> str:
    with database.session() as session:
        made = Run(name="r", user_id=users.ensure_local(session).id, family="sd1", base_model="thimble", total_steps=9)
        session.add(made)
        session.flush()
        return made.id


def give(database: Database, name: str = "w1") -> tuple[Grant, str]:
    with database.session() as session:
        worker = workers.register(session, Register(name=name, devices=[DEVICE]))
        run_id = queue.take(session, DEVICE, name=f"{name}/cpu", worker=name)
        assert run_id is not None
        return grants.give(session, run_id, worker, "cpu")


def lose(database: Database, run: str) -> None:
    with database.session() as session:
        queue.release(session, run)
        move(session, run, "lost")
        move(session, run, "queued")


def send(database: Database, grant: Grant, run_dir: Path, first: int, last: int) -> int:
    with database.session() as session:
        lines = [step(number) for number in range(first, last + 1)]
        return received.take_events(session, grant, run_dir, first - 1, lines)[0].last_seq


def test_the_newest_grant_alone_writes(database: Database, run: str, tmp_path: Path) -> None:
    old, token = give(database)
    assert send(database, old, tmp_path, 1, 3) == 3
    lose(database, run)
    new, other = give(database, "w2")
    assert (old.fence, new.fence) == (1, 2) and token != other
    blobs = FolderBlobs(tmp_path / "blobs")
    for write in (
        lambda session: received.take_events(session, old, tmp_path, 3, [step(4)]),
        lambda session: received.take_files(session, old, tmp_path, blobs, [], ["checkpoints"]),
        lambda session: grants.hold(session, old),
    ):
        with database.session() as session, pytest.raises(LoomError) as refused:
            write(session)
        assert refused.value.code == "stale_lease"
    assert send(database, new, tmp_path, 4, 5) == 5
    with database.session() as session:
        log = session.scalars(select(Grant).order_by(Grant.fence)).all()
        assert [(one.fence, one.how) for one in log] == [(1, "taken"), (2, None)]
        with pytest.raises(LoomError, match="given to another"):
            grants.find(session, "loomrun_nothing")
        assert grants.find(session, other).id == new.id


def test_events_are_taken_once_and_without_a_gap(database: Database, run: str, tmp_path: Path) -> None:
    grant, _ = give(database)
    assert send(database, grant, tmp_path, 1, 3) == 3
    assert send(database, grant, tmp_path, 2, 5) == 5, "an answer was lost: what is there is passed over"
    assert send(database, grant, tmp_path, 8, 9) == 5, "a gap is not taken, and the answer says from where to go on"
    with (tmp_path / "events.jsonl").open("ab") as stream:
        stream.write(b'{"seq":6,"ti')  # the server was killed while it wrote
    assert send(database, grant, tmp_path, 6, 9) == 9
    numbers = [line.split(",")[0] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert numbers == [f'{{"seq":{number}' for number in range(1, 10)]
    with database.session() as session:
        row = session.get_one(Run, run)
        assert (row.state, row.step, row.last_seq, row.worker, row.fence) == ("running", 9, 9, "w1", 1)


@pytest.mark.parametrize("line", ["{}", "nothing", step(1) + "\n" + step(2), '{"seq":1}'])
def test_what_is_no_event_is_refused(database: Database, run: str, tmp_path: Path, line: str) -> None:
    grant, _ = give(database)
    with database.session() as session, pytest.raises(LoomError) as refused:
        received.take_events(session, grant, tmp_path, 0, [line])
    assert refused.value.code == "request_invalid" and not (tmp_path / "events.jsonl").exists()


def test_wishes_come_back_with_every_word(database: Database, run: str, tmp_path: Path) -> None:
    grant, _ = give(database)
    asks.ask(tmp_path, "sample")
    with database.session() as session:
        orders, spoke = received.take_events(session, grant, tmp_path, 0, [])
    assert (orders.stop, orders.kill, orders.asks, spoke) == (False, False, ["sample"], False)
    with database.session() as session:
        session.get_one(Run, run).wish = "cancel"
    for _ in range(2):
        with database.session() as session:
            orders, _ = received.take_events(session, grant, tmp_path, 0, [])
        assert (orders.stop, orders.asks) == (True, [])


def ref(blobs: FolderBlobs, path: str, content: bytes) -> FileRef:
    return FileRef(path=path, sha256=blobs.put(content), bytes=len(content))


def test_files_come_into_the_run_folder_and_go(database: Database, run: str, tmp_path: Path) -> None:
    grant, _ = give(database)
    blobs, run_dir = FolderBlobs(tmp_path / "blobs"), tmp_path / "run"
    names = ("state.json", "adapter.safetensors", "optimizer.safetensors")
    put = [ref(blobs, f"checkpoints/step-000005/{name}", name.encode()) for name in names]
    put.append(ref(blobs, "samples/step-000005/01.png", b"picture"))
    for _ in range(2):  # said again, the same
        with database.session() as session:
            received.take_files(session, grant, run_dir, blobs, put, [])
    assert sorted(file.name for file in (run_dir / "checkpoints/step-000005").iterdir()) == sorted(names)
    assert not list(run_dir.glob("**/.*"))
    with database.session() as session:
        assert len(session.scalars(select(Artifact)).all()) == 4
        received.take_files(session, grant, run_dir, blobs, [], ["checkpoints/step-000005"])
    assert not (run_dir / "checkpoints/step-000005").exists()
    with database.session() as session:
        assert [one.path for one in session.scalars(select(Artifact))] == ["samples/step-000005/01.png"]
        missing = FileRef(path="samples/x.png", sha256="0" * 64, bytes=1)
        with pytest.raises(LoomError, match="not been sent"):
            received.take_files(session, grant, run_dir, blobs, [missing], [])


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/x", "a/../../x", "run.yaml", "events.jsonl", "data/1.png", "asks/stop", ".hidden", "a//b", "a/./b",
        "a\\b", "c:x", "samples/", "lock", "a/.b/c", "cache/x",
    ],
)  # fmt: skip
def test_files_go_nowhere_else(database: Database, run: str, tmp_path: Path, path: str) -> None:
    grant, _ = give(database)
    blobs = FolderBlobs(tmp_path / "blobs")
    for put, remove in (([ref(blobs, path, b"x")], []), ([], [path])):
        with database.session() as session, pytest.raises(LoomError) as refused:
            received.take_files(session, grant, tmp_path / "run", blobs, put, remove)
        assert refused.value.code == "request_invalid"
    assert not (tmp_path / "run").exists()


def test_a_claim_and_a_write_of_the_holder_before_exclude_each_other(
    database: Database, run: str, tmp_path: Path
) -> None:
    """While a write holds the row nobody is given the run; afterwards the write is refused."""
    grant, _ = give(database)
    order: list[str] = []
    holds = threading.Event()

    def write() -> None:
        with database.session() as session:
            grants.hold(session, grant)
            holds.set()
            threading.Event().wait(0.5)
            order.append("written")

    def take() -> None:
        holds.wait()
        lose(database, run)
        give(database, "w2")
        order.append("taken")

    threads = [threading.Thread(target=one) for one in (write, take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == ["written", "taken"]
    with database.session() as session, pytest.raises(LoomError):
        grants.hold(session, grant)


def test_leases_outlast_a_server_that_stood_still(database: Database, run: str, monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr(grants.time, "monotonic", lambda: clock[0])
    grant, _ = give(database)
    leases = grants.Leases(20)
    assert leases.silent([grant]) == []
    for _ in range(20):
        clock[0] += 1
        assert leases.silent([grant]) == []
    clock[0] += 1
    assert leases.silent([grant]) == [grant], "not heard for 21 s while this side looked"
    leases.hear(grant.id)
    clock[0] += 300  # the database was away: nobody could be heard
    assert leases.silent([grant]) == []

"""A run that workers give back for want of room on their disks waits for another one; where there is none it ends some day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loraloom.jobs import grants, offers, queue
from loraloom.server.app import create_app
from loraloom.server.context import Context, Options
from loraloom.spec.event import RunFailed
from loraloom.spec.journal import Journal
from loraloom.spec.work import WorkerDevice
from loraloom.store import users
from loraloom.store.tables import Grant, Run, Worker

CARD = WorkerDevice(id="cuda:0", kind="cuda", memory_total=8 << 30)
DIED = {"code": "disk_full", "message": "The disk is full.", "hint": "Free some space."}
BACK = {"code": 1, "died": DIED, "returned": True}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[TestClient, Context, str]]:
    """A server without devices of its own, and a run."""
    app = create_app(Options(home=tmp_path / "home", warm=False, train=False))
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        context: Context = app.state.context
        with context.database.session() as session:
            offers.announce(session, [])
            owner = users.ensure_local(session).id
            run = Run(name="r", user_id=owner, family="sd1", base_model="thimble", labels=["a"])
            session.add(run)
            session.flush()
        (context.home / "runs" / run.id).mkdir(parents=True)
        yield client, context, run.id


def add_worker(context: Context, name: str, *labels: str) -> None:
    with context.database.session() as session:
        session.add(Worker(name=name, devices=[CARD.model_dump()], labels=list(labels)))


def tell_end(served: tuple[TestClient, Context, str], name: str, said: dict[str, Any]) -> Run:
    """The worker takes the run and says how it ended, twice; the run then."""
    client, context, run_id = served
    with context.database.session() as session:
        worker = session.query(Worker).filter_by(name=name).one()
        assert queue.take(session, CARD, worker.labels, name=f"{name}/cuda:0", worker=name) == run_id
        _, token = grants.give(session, run_id, worker, "cuda:0")
    for _ in range(2):
        answer = client.post("/api/work/end", json=said, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 204, answer.text
    with context.database.session() as session:
        return session.get_one(Run, run_id)


def test_another_worker_is_tried_before_it_counts(served: tuple[TestClient, Context, str]) -> None:
    _, context, _ = served
    add_worker(context, "w1", "a")
    add_worker(context, "w2", "a", "b")
    add_worker(context, "w3", "b")  # not for this run
    for _ in range(9):  # the other one is at work
        run = tell_end(served, "w1", BACK)
        assert (run.state, run.losses, run.error) == ("queued", 0, None)
    seen = [(run.state, run.losses) for run in (tell_end(served, name, BACK) for name in ("w2", "w1", "w2", "w1"))]
    assert seen == [("queued", 1), ("queued", 2), ("queued", 3), ("failed", 4)]
    with context.database.session() as session:
        assert session.get_one(Run, served[2]).error == DIED
        assert {one.how for one in session.query(Grant)} == {"no_room"}


def test_a_wish_goes_before(served: tuple[TestClient, Context, str]) -> None:
    client, context, run_id = served
    add_worker(context, "w1", "a")
    with context.database.session() as session:
        worker = session.query(Worker).one()
        assert queue.take(session, CARD, ["a"], name="w1/cuda:0", worker="w1") == run_id
        _, token = grants.give(session, run_id, worker, "cuda:0")
        session.get_one(Run, run_id).wish = "cancel"
    assert client.post("/api/work/end", json=BACK, headers={"Authorization": f"Bearer {token}"}).status_code == 204
    with context.database.session() as session:
        assert session.get_one(Run, run_id).state == "cancelled"


def test_a_child_that_died_of_it_is_lost_and_not_failed_at_once(served: tuple[TestClient, Context, str]) -> None:
    _, context, run_id = served
    add_worker(context, "w1", "a")
    for losses in range(1, 5):
        journal = Journal(context.home / "runs" / run_id)
        journal(RunFailed(**DIED))
        journal.close()
        lines = (context.home / "runs" / run_id / "events.jsonl").read_text().splitlines()
        run = tell_end(served, "w1", {"code": 1, "word": len(lines)})
        assert (run.state, run.losses) == ("queued" if losses < 4 else "failed", losses)
    assert run.error == DIED
    events = (context.home / "runs" / run_id / "events.jsonl").read_text()
    assert events.count('"payload":{"type":"RunLost"') == 4

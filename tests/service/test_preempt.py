"""Which runs are asked to stop: over their time, or in the way of a run that goes first. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loraloom.jobs import preempt, queue
from loraloom.spec.work import WorkerDevice
from loraloom.store.database import Database
from loraloom.store.quotas import write_quotas
from loraloom.store.settings import Settings, pause_queue, write_settings
from loraloom.store.tables import Quota, Run, User, Worker, now

GB = 1 << 30


def add_run(session: Any, user: User, **columns: Any) -> Run:
    run = Run(name="x", user_id=user.id, family="sd1", base_model="thimble", **columns)
    session.add(run)
    session.flush()
    return run


def add_user(session: Any, name: str) -> User:
    user = User(name=name)
    session.add(user)
    session.flush()
    return user


def add_worker(session: Any, name: str, *devices: WorkerDevice, **columns: Any) -> None:
    session.add(Worker(name=name, devices=[device.model_dump() for device in devices], **columns))
    session.flush()


def at_work(session: Any, user: User, lease: str, minutes: float = 1, **columns: Any) -> Run:
    run = add_run(session, user, **columns)
    assert queue.claim(session, run.id, lease, lease.partition("/")[0])
    session.refresh(run)
    run.state, run.started_at = "running", now() - timedelta(minutes=minutes)
    session.flush()
    return run


SMALL = WorkerDevice(id="cuda:0", kind="cuda", memory_total=8 * GB)
LARGE = WorkerDevice(id="cuda:1", kind="cuda", memory_total=80 * GB)


def test_a_run_over_its_time_is_named_once(database: Database) -> None:
    with database.session() as session:
        user = add_user(session, "ann")
        old, _new = at_work(session, user, "a/cpu", 91), at_work(session, user, "b/cpu", 89)
        assert preempt.to_stop(session, []) == []
        write_settings(session, Settings(most_run_hours=1.5))
        assert preempt.to_stop(session, []) == [(old.id, "limit")]
        old.wish = "limit"
        session.flush()
        assert preempt.to_stop(session, []) == []


def test_the_lowest_and_youngest_on_a_device_that_will_do_makes_room(database: Database) -> None:
    with database.session() as session:
        user = add_user(session, "ann")
        add_worker(session, "w", SMALL, LARGE)
        add_worker(session, "v", LARGE)
        at_work(session, user, "w/cuda:0", 1, priority=-5)
        at_work(session, user, "w/cuda:1", 9, priority=0)
        young = at_work(session, user, "v/cuda:1", 3, priority=0)
        add_run(session, user, priority=5, needs_bytes=22 * GB)
        assert preempt.to_stop(session, []) == [], "it is off until an administrator says so"
        write_settings(session, Settings(preempt=True))
        assert preempt.to_stop(session, []) == [(young.id, "preempt")]
        young.wish = "preempt"
        session.flush()
        assert preempt.to_stop(session, []) == [], "its device is as good as free"
        second = add_run(session, user, priority=5, needs_bytes=22 * GB)
        assert [wish for _, wish in preempt.to_stop(session, [])] == ["preempt"], "another run needs another device"
        pause_queue(session, True)
        assert preempt.to_stop(session, []) == []
        pause_queue(session, False)
        second.priority = 0
        session.flush()
        assert preempt.to_stop(session, []) == [], "equals wait for each other"


def test_only_as_many_cards_as_are_wanted_make_room(database: Database) -> None:
    pair = WorkerDevice(id="cuda:2+3", kind="cuda", count=2, memory_total=24 * GB)
    with database.session() as session:
        user = add_user(session, "ann")
        add_worker(session, "w", LARGE, pair)
        on_pair = at_work(session, user, "w/cuda:2+3", 9)
        at_work(session, user, "w/cuda:1", 1)
        write_settings(session, Settings(preempt=True))
        add_run(session, user, priority=5, cards=2)
        assert preempt.to_stop(session, []) == [(on_pair.id, "preempt")]


def test_nobody_makes_room_where_a_device_is_free_or_none_would_help(database: Database) -> None:
    with database.session() as session:
        ann, bob = add_user(session, "ann"), add_user(session, "bob")
        write_settings(session, Settings(preempt=True))
        add_worker(session, "w", SMALL)
        low = at_work(session, ann, "w/cuda:0", priority=-1)
        urgent = add_run(session, bob, priority=9, wanted_device="cuda")
        assert preempt.to_stop(session, []) == [(low.id, "preempt")]
        assert preempt.to_stop(session, [SMALL]) == [], "this machine has a free card"
        urgent.labels = ["a100"]
        session.flush()
        assert preempt.to_stop(session, []) == [], "no machine has the label"
        urgent.labels = []
        write_quotas(session, [Quota(kind="user", name="bob", most_active=0)])
        assert preempt.to_stop(session, []) == [], "bob may start nothing"
        write_quotas(session, [])
        assert preempt.to_stop(session, []) == [(low.id, "preempt")]
        session.query(Worker).update({"draining": True})
        assert preempt.to_stop(session, []) == [], "what becomes free there is given to nobody"

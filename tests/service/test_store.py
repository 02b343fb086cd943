"""Records behave the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from loraloom.jobs import queue
from loraloom.jobs.states import BEFORE, move
from loraloom.spec.errors import LoomError
from loraloom.store import runs as queries
from loraloom.store import users
from loraloom.store.database import Database
from loraloom.store.settings import Settings, pause_queue, queue_paused, read_settings, write_settings
from loraloom.store.tables import Dataset, Image, Lease, Run, Table, User


def add_run(session: Any, name: str, user: User, **columns: Any) -> Run:
    run = Run(name=name, user_id=user.id, family="sd1", base_model="thimble", **columns)
    session.add(run)
    session.flush()
    return run


def add_user(session: Any, name: str) -> User:
    user = User(name=name)
    session.add(user)
    session.flush()
    return user


def test_the_migrations_make_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    database.migrate()  # again: nothing to do


def test_times_keep_their_zone(database: Database) -> None:
    moment = datetime(2026, 11, 24, 8, 30, 15, 250_000, UTC)
    with database.session() as session:
        run_id = add_run(session, "a", users.ensure_local(session), started_at=moment).id
    with database.session() as session:
        assert session.get_one(Run, run_id).started_at == moment


def test_deleting_a_data_set_takes_its_pictures_and_leaves_its_runs(database: Database) -> None:
    with database.session() as session:
        user = users.ensure_local(session)
        dataset = Dataset(name="d", user_id=user.id)
        session.add(dataset)
        session.flush()
        session.add(Image(dataset_id=dataset.id, name="x", blob="0" * 64, width=1, height=1, bytes=1))
        run_id = add_run(session, "a", user, dataset_id=dataset.id).id
        session.flush()
        session.delete(dataset)
    with database.session() as session:
        assert session.scalars(select(Image)).all() == []
        assert session.get_one(Run, run_id).dataset_id is None


def test_one_picture_stands_once_in_a_data_set(database: Database) -> None:
    with pytest.raises(IntegrityError), database.session() as session:
        dataset = Dataset(name="d", user_id=users.ensure_local(session).id)
        session.add(dataset)
        session.flush()
        for name in ("a", "b"):
            session.add(Image(dataset_id=dataset.id, name=name, blob="1" * 64, width=1, height=1, bytes=1))


def test_the_order_is_priority_then_turns_then_age(database: Database) -> None:
    with database.session() as session:
        ann, bob = add_user(session, "ann"), add_user(session, "bob")
        add_run(session, "at work", ann, state="running", place=0.5)
        for place, (name, user, priority) in enumerate(
            [("a1", ann, 0), ("a2", ann, 0), ("b1", bob, 0), ("b2", bob, 0), ("b3", bob, 0), ("urgent", ann, 5)], 1
        ):
            add_run(session, name, user, priority=priority, place=float(place))
        assert [run.name for run in queue.waiting(session)] == ["urgent", "b1", "b2", "a1", "b3", "a2"]


def test_dragging_puts_a_run_where_it_was_dropped(database: Database) -> None:
    with database.session() as session:
        user = users.ensure_local(session)
        ids = [add_run(session, name, user, place=float(i)).id for i, name in enumerate("abcd", 1)]

        def names() -> str:
            return "".join(run.name for run in queue.waiting(session))

        queue.reorder(session, ids[3], ids[0])
        assert names() == "dabc"
        queue.reorder(session, ids[3], ids[2])
        assert names() == "abdc"
        queue.reorder(session, ids[0], None)
        assert names() == "bdca"
        with pytest.raises(LoomError, match="does not wait"):
            queue.reorder(session, ids[0], "nobody")


def test_only_one_claims_a_run_and_a_device(database: Database) -> None:
    with database.session() as session:
        user = users.ensure_local(session)
        first, second = (add_run(session, name, user).id for name in "ab")
    got: list[tuple[str, str]] = []

    def claim(run: str, device: str) -> None:
        with database.session() as session:
            if queue.claim(session, run, device):
                got.append((run, device))

    with database.session() as session:
        session.add(Lease(device="cpu", token=0))
    threads = [threading.Thread(target=claim, args=(run, "cpu")) for run in (first, second) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    with database.session() as session:
        lease = session.get_one(Lease, "cpu")
        assert (lease.run_id, lease.token) == (got[0][0], 1)
        queue.release(session, got[0][0])
    claim(second if got[0][0] == first else first, "cpu")
    assert len(got) == 2
    with database.session() as session:
        assert session.get_one(Lease, "cpu").token == 2


def test_a_state_is_only_reached_from_those_before_it(database: Database) -> None:
    with database.session() as session:
        run = add_run(session, "a", users.ensure_local(session), pid=1, wish="pause")
        for start in BEFORE:
            for end, before in BEFORE.items():
                run.state = start
                session.flush()
                assert move(session, run.id, end) == (start in before), (start, end)
        run.state = "running"
        session.flush()
        assert move(session, run.id, "paused")
        session.refresh(run)
        assert (run.state, run.pid, run.wish) == ("paused", None, None) and run.ended_at is not None


def test_search_takes_signs_as_they_are(database: Database) -> None:
    with database.session() as session:
        user = users.ensure_local(session)
        add_run(session, "100%_ink", user, tags=["水墨", "a_b"], notes="brush")
        add_run(session, "other", user, tags=["axb"], state="failed")

        def found(*states: str, search: str | None = None, tag: str | None = None) -> list[str]:
            return sorted(run.name for run in session.scalars(queries.matching(states, search, tag)))

        assert found(search="%_") == ["100%_ink"] == found(search="BRUSH") == found(tag="水墨") == found(tag="a_b")
        assert found("failed") == ["other"] and found() == ["100%_ink", "other"] and found(search="nothing") == []


def test_settings_are_kept(database: Database) -> None:
    with database.session() as session:
        assert read_settings(session) == Settings() and not queue_paused(session)
        write_settings(session, Settings(webhook_url="https://example.org/hook"))
        pause_queue(session, True)
    with database.session() as session:
        assert read_settings(session).webhook_url == "https://example.org/hook" and queue_paused(session)
    with pytest.raises(ValueError, match="webhook_url"):
        Settings(webhook_url="file:///etc/passwd")

"""Who gets which run: devices, labels, memory, quotas and many who ask at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from loraloom.jobs import queue, quotas
from loraloom.jobs.offers import Offer
from loraloom.jobs.starts import starts_in
from loraloom.jobs.states import move
from loraloom.jobs.waits import waits
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store.database import Database
from loraloom.store.quotas import write_quotas
from loraloom.store.settings import pause_queue
from loraloom.store.tables import Lease, Quota, Run, User

GB = 1 << 30
CPU = WorkerDevice(id="cpu", name="a processor", kind="cpu", memory_total=16 * GB)
SMALL = WorkerDevice(id="cuda:0", name="a small card", kind="cuda", memory_total=8 * GB)
LARGE = WorkerDevice(id="cuda:1", name="a large card", kind="cuda", memory_total=80 * GB)


def add_run(session: Any, name: str, user: User, **columns: Any) -> Run:
    run = Run(name=name, user_id=user.id, family="sd1", base_model="thimble", **columns)
    session.add(run)
    session.flush()
    return run


def add_user(session: Any, name: str, team: str = "") -> User:
    user = User(name=name, team=team)
    session.add(user)
    session.flush()
    return user


def next_name(session: Any, device: WorkerDevice, *labels: str, **more: Any) -> str | None:
    run_id = queue.next_for(session, device, labels, **more)
    return None if run_id is None else session.get_one(Run, run_id).name


def test_a_run_goes_where_it_wants_to_go(database: Database) -> None:
    with database.session() as session:
        user = add_user(session, "ann")
        for place, wanted in enumerate(["cuda:1", "cuda", "cpu", "auto"], 1):
            add_run(session, wanted, user, wanted_device=wanted, place=float(place))
        assert next_name(session, LARGE) == "cuda:1"
        assert next_name(session, SMALL) == "cuda"
        assert next_name(session, CPU) == "cpu"
        skip = [run.id for run in queue.waiting(session)[:3]]
        assert next_name(session, CPU, skip=skip) == next_name(session, SMALL, skip=skip) == "auto"
        assert next_name(session, CPU, skip=skip, auto=False) is None
        pause_queue(session, True)
        assert next_name(session, LARGE) is None


def test_labels_and_memory_choose_the_machine(database: Database) -> None:
    with database.session() as session:
        user = add_user(session, "ann")
        add_run(session, "both", user, labels=["80gb", "a100"], place=1.0)
        add_run(session, "big", user, needs_bytes=22 * GB, place=2.0)
        add_run(session, "plain", user, needs_bytes=8 * GB, place=3.0)
        assert next_name(session, LARGE, "a100", "80gb", "berlin") == "both"
        assert next_name(session, LARGE, "a100") == "big"
        assert next_name(session, SMALL, "a100") == "plain"
        assert next_name(session, WorkerDevice(id="cuda:0", kind="cuda")) == "big", "nobody knows what it has"


def test_cards_that_compute_together_are_one_device(database: Database) -> None:
    pair = WorkerDevice(id="cuda:0+1", kind="cuda", count=2, memory_total=24 * GB)
    with database.session() as session:
        user = add_user(session, "ann")
        add_run(session, "four", user, cards=4, place=1.0)
        add_run(session, "two", user, cards=2, place=2.0)
        one = add_run(session, "one", user, place=3.0)
        assert next_name(session, LARGE) == "one", "a card is not two"
        assert next_name(session, pair) == "two"
        assert next_name(session, CPU) == "four", "processes on a processor share it"
        assert queue.claim(session, one.id, "cuda:0+1") and queue.busy(session) == {"cuda:0", "cuda:1"}
        assert next_name(session, pair) == "two", "whoever asks has to look at the leases"


def test_who_has_used_up_a_quota_is_passed_over(database: Database) -> None:
    with database.session() as session:
        ann, bob, cem = add_user(session, "ann", "ink"), add_user(session, "bob", "ink"), add_user(session, "cem")
        for place, user in enumerate([ann, ann, bob, cem], 1):
            add_run(session, f"{user.name}{place}", user, place=float(place))
        write_quotas(session, [Quota(kind="user", name="", most_active=1), Quota(kind="user", name="ann")])
        run_id = queue.next_for(session, CPU)
        assert run_id is not None and queue.claim(session, run_id, "a/cpu", "a")
        assert quotas.used_up(session) == {}, "ann's own row knows no limit"
        write_quotas(session, [Quota(kind="team", name="ink", most_active=1)])
        assert {user_id: row.name for user_id, row in quotas.used_up(session).items()} == {ann.id: "ink", bob.id: "ink"}
        assert next_name(session, CPU) == "cem4"
        bobs = next(run for run in queue.waiting(session) if run.user_id == bob.id)
        assert not queue.claim(session, bobs.id, "b/cpu"), "asked for by its id it has to wait as well"
        assert session.get_one(Lease, "b/cpu").run_id is None
        write_quotas(session, [Quota(kind="user", name="cem", most_active=0)])
        assert next_name(session, CPU, skip=[run.id for run in queue.waiting(session) if run.user_id != cem.id]) is None


def test_no_more_may_wait_than_the_quota_says(database: Database) -> None:
    with database.session() as session:
        ann, bob = add_user(session, "ann", "ink"), add_user(session, "bob", "ink")
        write_quotas(session, [Quota(kind="user", name="", most_queued=2), Quota(kind="team", name="", most_queued=3)])
        for user in (ann, ann, bob):
            quotas.check_queue(session, user)
            add_run(session, "x", user)
        with pytest.raises(LoomError, match="Team ink has 3 runs waiting") as refused:
            quotas.check_queue(session, bob)
        assert refused.value.code == "quota_reached"
        bob.team = ""
        session.flush()
        quotas.check_queue(session, bob)
        with pytest.raises(LoomError, match="You have 1 runs waiting, and 2 may"):
            quotas.check_queue(session, bob, more=2)


def test_what_is_held_back_holds_up_nobody(database: Database) -> None:
    with database.session() as session:
        user = add_user(session, "ann")
        first = add_run(session, "a", user, place=1.0)
        waiting = {"experiment": {"after": [first.id]}}
        add_run(session, "compares", user, kind="experiment", config=waiting, priority=9, place=0.0)
        assert next_name(session, CPU) == "a" and queue.length(session) == 1
        assert queue.take(session, CPU) == first.id and next_name(session, SMALL) is None
        first.state = "finished"
        session.flush()
        assert next_name(session, SMALL) == "compares"


def test_a_claim_counts_up_the_number_of_grants(database: Database) -> None:
    with database.session() as session:
        run = add_run(session, "a", add_user(session, "ann"))
        assert queue.claim(session, run.id, "w/cuda:0", "w")
        session.refresh(run)
        assert (run.state, run.fence, run.worker, run.device) == ("preparing", 1, "w", "w/cuda:0")
        assert not queue.claim(session, run.id, "cpu"), "it is taken"
        assert session.get_one(Lease, "w/cuda:0").run_id == run.id, "the lease of the first stays"
        queue.release(session, run.id)
        assert move(session, run.id, "lost") and move(session, run.id, "queued")
        assert queue.claim(session, run.id, "cpu")
        session.refresh(run)
        assert (run.fence, run.worker) == (2, None)


def test_the_list_comes_in_pieces_and_everybody_knows_their_place(database: Database) -> None:
    with database.session() as session:
        users = [add_user(session, name) for name in "abc"]
        for place in range(12):
            add_run(session, str(place), users[place % 3 if place < 9 else 0], place=float(place))
        whole = [run.id for run in queue.waiting(session)]
        assert len(whole) == 12
        assert [run.id for run in queue.waiting(session, 5, 4)] == whole[4:9]
        wanted = [whole[7], whole[0], "nobody"]
        assert queue.places(session, wanted) == {whole[7]: 8, whole[0]: 1}


def test_of_many_who_ask_at_once_each_gets_another_run(database: Database) -> None:
    """Twenty devices, thirty runs, a quota of three: nothing is given twice, and nobody gets a fourth."""
    with database.session() as session:
        users = [add_user(session, name) for name in ("ann", "bob", "cem")]
        ids = [add_run(session, str(place), users[place % 3], place=float(place)).id for place in range(30)]
        write_quotas(session, [Quota(kind="user", name="", most_active=3)])
    got: list[str | None] = []
    failed: list[BaseException] = []
    together = threading.Barrier(20)

    def ask(number: int) -> None:
        try:
            together.wait(30)
            with database.session() as session:
                found = queue.take(session, CPU, name=f"w{number}/cpu", worker=f"w{number}")
            got.append(found)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    won = [run_id for run_id in got if run_id is not None]
    assert len(got) == 20 and len(won) == len(set(won)) == 9 and set(won) <= set(ids)
    with database.session() as session:
        rows = [session.get_one(Run, run_id) for run_id in won]
        assert set(Counter(run.user_id for run in rows).values()) == {3}
        assert {run.fence for run in rows} == {1}
        assert {session.get_one(Lease, f"{run.worker}/cpu").run_id for run in rows} == set(won)


def test_one_run_for_many_who_ask_at_once(database: Database) -> None:
    with database.session() as session:
        run_id = add_run(session, "a", add_user(session, "ann")).id
    got: list[bool] = []
    together = threading.Barrier(12)

    def ask(number: int) -> None:
        together.wait(30)
        with database.session() as session:
            got.append(queue.claim(session, run_id, f"w{number % 6}/cpu", f"w{number % 6}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == [False] * 11 + [True]
    with database.session() as session:
        run = session.get_one(Run, run_id)
        held = [lease.device for lease in session.query(Lease) if lease.run_id is not None]
        assert run.fence == 1 and held == [run.device]


def test_the_start_is_estimated_from_runs_like_it(database: Database) -> None:
    here = Offer("cpu", CPU)
    card = Offer("w/cuda:0", SMALL)
    with database.session() as session:
        user = add_user(session, "ann")
        began, ended = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 1, 40, tzinfo=UTC)
        add_run(session, "done", user, state="finished", started_at=began, ended_at=ended, step=100, attempts=1)
        add_run(session, "now", user, state="running", device="cpu", eta_seconds=30.0)
        line = [add_run(session, name, user, total_steps=50, place=float(i)) for i, name in enumerate("abc", 1)]
        ids = [run.id for run in line]
        assert starts_in(session, line[:2], [here]) == {ids[0]: 30.0, ids[1]: 80.0}
        assert starts_in(session, line[:2], [here, card]) == {ids[0]: 0.0, ids[1]: 30.0}
        line[1].wanted_device = "cuda"
        assert starts_in(session, line, [here, card]) == {ids[0]: 0.0, ids[1]: 50.0, ids[2]: 30.0}
        assert starts_in(session, line, [here]) == {ids[0]: 30.0, ids[2]: 80.0}, "nobody has a card"
        line[0].base_model = "unknown"
        assert list(starts_in(session, line, [here])) == [ids[0]], "no guess behind an unknown one"


def test_a_run_says_what_it_waits_for(database: Database) -> None:
    with database.session() as session:
        ann = add_user(session, "ann", "ink")
        run = add_run(session, "a", ann)
        there = [Offer("cpu", CPU), Offer("w/cuda:0", SMALL, frozenset({"berlin"}))]

        def why(**columns: Any) -> dict[str, Any] | None:
            for key, value in {
                "labels": [],
                "wanted_device": "auto",
                "needs_bytes": None,
                "cards": 1,
                **columns,
            }.items():
                setattr(run, key, value)
            found = waits(run, quotas.used_up(session), there)
            return found and found.model_dump(exclude_defaults=True)

        assert why() is why(labels=["berlin"], wanted_device="cuda", needs_bytes=8 * GB) is None
        assert why(labels=["berlin", "a100"]) == {"why": "labels", "labels": ["berlin", "a100"]}
        assert why(wanted_device="cuda:7") == {"why": "device", "device": "cuda:7"}
        assert why(labels=["berlin"], wanted_device="cpu") == {"why": "device", "device": "cpu"}
        assert why(wanted_device="cuda", needs_bytes=22 * GB) == {"why": "memory", "bytes": 22 * GB}
        assert why(wanted_device="cuda", cards=2) == {"why": "cards", "cards": 2} and why(cards=2) is None
        write_quotas(
            session, [Quota(kind="team", name="", most_active=2), Quota(kind="user", name="ann", most_active=0)]
        )
        assert why() == {"why": "quota", "most": 0}
        write_quotas(session, [Quota(kind="team", name="ink", most_active=0)])
        assert why() == {"why": "quota", "most": 0, "team": "ink"}

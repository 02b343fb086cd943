"""Server, PostgreSQL, Redis, S3 and two workers as separate processes: runs of two users finish, each once, in order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests import audit, turns
from tests.cluster import BUCKET, Cluster, missing
from tests.service.conftest import _missing as skip_for
from tests.stream import Asker

USERS = ("ann", "bob")
QUEUED = (("ann", 0), ("ann", 0), ("ann", 5), ("bob", 0), ("bob", 0), ("ann", -5), ("bob", -5), ("ann", 0))


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, nothing queued; the log of writers is on."""
    lacking = missing()
    if lacking:
        skip_for(lacking)
    folder = tmp_path_factory.mktemp("cluster")
    made = Cluster(folder, 2)
    try:
        made.start()
        audit.install(made.database)
        yield made
    finally:
        made.stop()


def test_runs_of_several_users_finish_once_and_in_order(cluster: Cluster) -> None:
    home = cluster.root / "home"
    asker = Asker(cluster.server.address, cluster.add_users(*USERS), seed=1)
    asker.call("ann", "PUT", "/api/queue/paused", {"paused": True})
    ids = [asker.ask(user, 0, priority) for user, priority in QUEUED]
    asker.call("ann", "PUT", "/api/queue/paused", {"paused": False})
    _wait_for_all(cluster)
    asker.close()

    rows = audit.rows(cluster.database, "SELECT * FROM runs ORDER BY place")
    facts = audit.read(cluster.database)
    assert [(row["id"], row["state"], row["attempts"], row["fence"]) for row in rows] == [
        (run_id, "finished", 1, 1) for run_id in ids
    ]
    assert Counter(fact.what for fact in facts if fact.what.startswith("end:")) == {"end:ended": len(ids)}
    assert audit.writers(facts) == []
    assert sum(fact.what == "write" for fact in facts) > 3 * len(ids)
    line = [turns.Waiting(row["id"], row["user_id"], row["priority"], row["place"]) for row in rows]
    assert turns.check(line, facts)[0] == []
    assert [wrong for run_id in ids for wrong in audit.events(home / "runs" / run_id, "finished")] == []
    assert audit.files(cluster.database, home, audit.bucket(cluster.s3_port, BUCKET, "cluster/blobs/")) == []
    loras = audit.rows(cluster.database, "SELECT run_id, sha256 FROM loras")
    assert {one["run_id"] for one in loras} == set(ids) and len(loras) == len(ids)
    assert len({one["sha256"] for one in loras}) == 1, "one config, one LoRA"


def _wait_for_all(cluster: Cluster, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while audit.rows(cluster.database, "SELECT 1 FROM runs WHERE state NOT IN ('finished', 'failed', 'cancelled')"):
        assert time.monotonic() < until, [worker.log.read_text()[-2000:] for worker in cluster.workers]
        time.sleep(0.5)


START = datetime(2026, 11, 30, tzinfo=UTC)


def _facts(*told: tuple[str, int, str]) -> list[audit.Fact]:
    """One a second."""
    return [
        audit.Fact(number, START + timedelta(seconds=number), number, run, fence, what, None)
        for number, (run, fence, what) in enumerate(told, 1)
    ]


GIVEN, WRITE, END = "given", "write", "end:ended"
FINE = (("a", 1, GIVEN), ("a", 1, WRITE), ("a", 1, "end:expired"), ("a", 2, GIVEN), ("a", 2, WRITE), ("a", 2, END))


def test_the_log_of_writers_is_read_strictly() -> None:
    assert audit.writers(_facts(*FINE)) == []
    for wrong in (
        (("a", 1, GIVEN), ("a", 2, GIVEN)),  # two at once
        (("a", 1, GIVEN), ("a", 1, END), ("a", 3, GIVEN)),  # one is not in the log
        (*FINE[:4], ("a", 1, WRITE)),  # the old one writes
        (*FINE, ("a", 2, WRITE)),  # after the end
        (("a", 1, WRITE),),
    ):
        assert audit.writers(_facts(*wrong)) != []


def test_the_rule_is_told_from_what_comes_near_it() -> None:
    line = [
        turns.Waiting("a1", "ann", 0, 1.0),
        turns.Waiting("a2", "ann", 0, 2.0),
        turns.Waiting("a3", "ann", 5, 3.0),
        turns.Waiting("b1", "bob", 0, 4.0),
    ]
    good = ("a3", "b1", "a1", "a2")  # priority; then bob's first turn comes before ann's second
    for order, holds in ((good, True), (("a1", "a2", "a3", "b1"), False), (("a3", "a1", "b1", "a2"), False)):
        assert (turns.check(line, _facts(*((run, 1, GIVEN) for run in order)))[0] == []) == holds
    again = _facts(("a3", 1, GIVEN), ("a3", 1, END), ("a1", 1, GIVEN), ("b1", 1, GIVEN), ("a2", 1, GIVEN))
    assert turns.check(line, again)[0] == [], "what has ended no longer counts"
    assert turns.check(line, _facts(("a3", 1, GIVEN), ("a3", 2, GIVEN)))[0] != []

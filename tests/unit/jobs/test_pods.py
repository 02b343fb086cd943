"""A Kubernetes cluster as a worker: places are filled, pods that wait are not missed, pods that died are told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pictures
from sqlalchemy import select

from loraloom.jobs import create, grants, steer
from loraloom.jobs.giving import Giver
from loraloom.jobs.pods import Pods
from loraloom.jobs.runners.kubernetes import GpuClass, JobAsk, PodState, Settings
from loraloom.jobs.tail import tail
from loraloom.spec.errors import LoomError
from loraloom.spec.event import RunLost
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Grant, Image, Run, Worker

CONFIG = {"preset": "quick-look", "training": {"steps": 2}, "sample": {"prompts": [], "every_steps": None}}
SETTINGS = Settings(
    image="loraloom:1",
    server_url="http://server",
    most_jobs=1,
    classes=(
        GpuClass.model_validate({"name": "big", "memory_bytes": "80GiB"}),
        GpuClass.model_validate({"name": "small", "memory_bytes": "24GiB"}),
    ),
)


class Cluster:
    """Remembers what it is asked, and says of each Job what the test decides."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, int], PodState] = {}
        self.asked: list[JobAsk] = []
        self.refuses: LoomError | None = None

    def start(self, ask: JobAsk) -> None:
        if self.refuses:
            raise self.refuses
        self.asked.append(ask)
        self.jobs[ask.run_id, ask.fence] = PodState(ask.run_id, ask.fence, "pending")

    def stop(self, run_id: str, fence: int) -> None:
        self.jobs.pop((run_id, fence))

    def look(self, expected: Iterable[tuple[str, int]] = ()) -> list[PodState]:
        if self.refuses:
            raise self.refuses
        return [*self.jobs.values(), *(PodState(*one, "gone") for one in expected if one not in self.jobs)]

    def say(self, phase: str, reason: LoomError | None = None) -> None:
        (key,) = self.jobs
        self.jobs[key] = PodState(*key, phase, reason)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def giver(tmp_path: Path) -> Iterator[Giver]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    (tmp_path / "runs").mkdir()
    yield Giver(database, FolderBlobs(tmp_path / "blobs"), tmp_path, grants.Leases(20), lambda *_: None)
    database.close()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def pods(giver: Giver, cluster: Cluster) -> Pods:
    return Pods(giver, SETTINGS, cluster)  # pyright: ignore[reportArgumentType]


def queue_runs(giver: Giver, *needs: int | None) -> list[str]:
    png = BytesIO()
    Pictures.new("RGB", (64, 64)).save(png, "PNG")
    with giver.database.session() as session:
        user = users.ensure_local(session)
        dataset = Dataset(name="d", user_id=user.id)
        session.add(dataset)
        session.flush()
        blob = giver.blobs.put(png.getvalue())
        session.add(Image(dataset_id=dataset.id, name="a", blob=blob, width=64, height=64, bytes=1, caption="a"))
        session.flush()
        made = [create.create(session, user, dataset.id, CONFIG, None, 0) for _ in needs]
        for run, bytes_ in zip(made, needs, strict=True):
            run.needs_bytes = bytes_
        return [run.id for run in made]


def row(giver: Giver, run: str) -> Run:
    with giver.database.session() as session:
        return session.get_one(Run, run)


def test_a_run_on_several_cards_gets_a_class_that_has_them(giver: Giver, cluster: Cluster) -> None:
    two = {"name": "pair", "memory_bytes": "24GiB", "count": 2}
    settings = SETTINGS.model_copy(update={"classes": (*SETTINGS.classes, GpuClass.model_validate(two))})
    first, second = queue_runs(giver, 10 << 30, 10 << 30)
    with giver.database.session() as session:
        session.get_one(Run, first).cards = 2
    Pods(giver, settings, cluster).round()  # pyright: ignore[reportArgumentType]
    asked = {ask.run_id: ask for ask in cluster.asked}
    classes = {run: settings.class_for(ask.needs_bytes, ask.cards) for run, ask in asked.items()}
    assert {run: found and found.name for run, found in classes.items()} == {first: "pair", second: "small"}
    with giver.database.session() as session:
        grants_of = dict(session.execute(select(Grant.run_id, Grant.device)).all())
    assert grants_of == {first: "cuda:0+1", second: "cuda:0"}, "what their children see"
    with pytest.raises(LoomError, match="4 GPUs together"):
        settings.class_for(1, 4)


def test_places_are_filled_by_memory(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    runs = queue_runs(giver, 40 << 30, 10 << 30, 90 << 30)
    pods.round()
    asked = {ask.run_id: ask for ask in cluster.asked}
    assert set(asked) == set(runs[:2]), "the third fits nowhere"
    assert SETTINGS.class_for(asked[runs[0]].needs_bytes) == SETTINGS.classes[0]
    assert SETTINGS.class_for(asked[runs[1]].needs_bytes) == SETTINGS.classes[1]
    assert (giver.home / "runs" / runs[0] / "run.yaml").is_file()
    assert (row(giver, runs[0]).state, row(giver, runs[0]).worker) == ("preparing", "kubernetes")
    pods.round()
    assert len(cluster.asked) == 2
    with giver.database.session() as session:
        assert session.scalars(select(Worker.name)).all() == ["kubernetes"]
        held = session.scalars(select(Grant)).all()
        assert {grants.find(session, ask.token).id for ask in cluster.asked} == {one.id for one in held}


def test_a_pod_that_waits_is_not_missed_and_heeds_a_wish(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    (run,) = queue_runs(giver, None)
    pods.round()
    with giver.database.session() as session:
        going = grants.going(session)
        giver.leases._heard = {going[0].id: -1e9}  # pyright: ignore[reportPrivateUsage]
    pods.round()
    assert giver.leases.silent(going) == []
    cluster.refuses = LoomError("cluster_unreachable", "away")
    pods._keep_waiting()  # pyright: ignore[reportPrivateUsage]
    cluster.refuses = None
    with giver.database.session() as session:
        steer.cancel(session, session.get_one(Run, run), giver.home / "runs" / run)
    pods.round()
    assert (row(giver, run).state, cluster.jobs) == ("cancelled", {})


@pytest.mark.parametrize(("phase", "reason"), [("failed", "The node was taken away."), ("gone", None)])
def test_a_pod_that_died_is_told_of_and_the_run_goes_on(
    giver: Giver, cluster: Cluster, pods: Pods, phase: str, reason: str | None
) -> None:
    (run,) = queue_runs(giver, None)
    pods.round()
    cluster.say("running")
    pods.round()
    assert row(giver, run).state == "preparing"
    cluster.say(phase, LoomError("run_lost", reason, "It goes on.") if reason else None)
    pods.round()
    told = [event.payload for event in tail(giver.home / "runs" / run)]
    assert isinstance(told[-1], RunLost) and (reason is None or told[-1].message == reason)
    assert [(ask.run_id, ask.fence) for ask in cluster.asked] == [(run, 1), (run, 2)], "given again at once"
    assert row(giver, run).losses == 1


def test_a_job_whose_grant_is_over_is_removed(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    (run,) = queue_runs(giver, None)
    pods.round()
    cluster.say("running")
    with giver.database.session() as session:
        (grant,) = grants.going(session)
        grants.end(session, grant, "ended")
        session.get_one(Run, run).state = "finished"
    pods.round()
    assert cluster.jobs == {}


def test_what_the_cluster_refuses_fails(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    (run,) = queue_runs(giver, None)
    original = cluster.look
    cluster.look = lambda expected=(): original(expected) if cluster.refuses is None else []  # type: ignore[method-assign]
    cluster.refuses = LoomError("cluster_refused", "No rights.", "Mend the role.")
    pods.round()
    assert (row(giver, run).state, row(giver, run).error) == (
        "failed",
        {"code": "cluster_refused", "message": "No rights.", "hint": "Mend the role."},
    )


def test_one_that_was_pushed_aside_waits_again_and_loses_nothing(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    (run,) = queue_runs(giver, None)
    for fence in range(1, 6):
        pods.round()
        cluster.jobs = {(run, fence): PodState(run, fence, "failed", LoomError("preempted", "Make room.", ""))}
    pods.round()
    assert (row(giver, run).losses, row(giver, run).fence) == (0, 6)


def test_a_cluster_that_is_away_costs_nothing(giver: Giver, cluster: Cluster, pods: Pods) -> None:
    (run,) = queue_runs(giver, None)
    original = cluster.look
    cluster.look = lambda expected=(): original(expected) if cluster.refuses is None else []  # type: ignore[method-assign]
    cluster.refuses = LoomError("cluster_unreachable", "Nobody answers.", "")
    for _ in range(5):
        with pytest.raises(LoomError):
            pods.round()
    assert (row(giver, run).state, row(giver, run).losses) == ("queued", 0)
    cluster.refuses = None
    pods.round()
    assert [ask.run_id for ask in cluster.asked] == [run]

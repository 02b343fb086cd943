"""What goes after its time, and what never goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import lifecycle, storage
from loraloom.jobs.lifecycle import Freed, keep_in_bounds
from loraloom.jobs.states import ENDED, move
from loraloom.spec.experiment import Candidate, Experiment
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.lifecycle import Lifecycle, read_lifecycle, write_lifecycle
from loraloom.store.tables import Artifact, Change, ChangeItem, Dataset, Drawing, Image, Run, State, now

ALL = Lifecycle(checkpoints_days=10, samples_days=10, run_caches_days=10, blobs_grace_hours=1)
PARTS = ("cache", "checkpoints", "lora", "samples")


class Home:
    """A data home with runs that have left something of everything."""

    def __init__(self, root: Path, session: Session) -> None:
        self.root, self.session, self.blobs = root, session, FolderBlobs(root / "blobs")
        self.user = users.ensure_local(session)
        write_lifecycle(session, ALL)

    def run(self, state: State = "finished", days: float = 20, **more: Any) -> str:
        ended = now() - timedelta(days=days) if state in (*ENDED, "paused") else None
        given = {"family": "sd1", "base_model": "thimble", "name": "r", "config": {}, "user_id": self.user.id} | more
        run = Run(state=state, ended_at=ended, cover="samples/step-000020/01.png", **given)
        self.session.add(run)
        self.session.flush()
        files = (
            "checkpoints/step-000020/adapter.safetensors", "checkpoints/step-000040/adapter.safetensors",
            "samples/step-000010/01.png", "samples/step-000020/01.png", "cache/latents.bin", "lora/r.safetensors", "events.jsonl",
        )  # fmt: skip
        for file in files:
            place = self.root / "runs" / run.id / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"0123456789")
            if "/" in file and "lora" not in file:
                self.artifact(run.id, file, f"{run.id} {file}".encode())
        return run.id

    def artifact(self, run_id: str, path: str, data: bytes) -> str:
        key = self.blobs.put(data)
        self.session.add(Artifact(run_id=run_id, path=path, sha256=key, bytes=len(data)))
        self.session.flush()
        return key

    def keep(self) -> Freed:
        return keep_in_bounds(self.session, self.root, self.blobs, now())

    def left(self, run_id: str) -> list[str]:
        root = self.root / "runs" / run_id
        assert not [path for path in root.iterdir() if path.name.startswith(".")]
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())

    def rows(self, run_id: str) -> list[str]:
        return list(
            self.session.scalars(select(Artifact.path).where(Artifact.run_id == run_id).order_by(Artifact.path))
        )

    def grow_old(self) -> None:
        for key in list(self.blobs.keys()):
            os.utime(self.blobs.path(key), (0, 0))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    database = Database(sqlite_url(tmp_path))
    database.migrate()
    with database.session() as session:
        yield Home(tmp_path, session)
    database.close()


KEPT = ["events.jsonl", "lora/r.safetensors", "samples/step-000020/01.png"]


def test_old_runs_keep_lora_events_and_the_newest_sample(home: Home) -> None:
    old, young = home.run(days=10.1), home.run(days=9.9)
    assert home.keep() == Freed(checkpoints=20, samples=10, run_caches=10)
    assert home.left(old) == KEPT and home.rows(old) == ["samples/step-000020/01.png"]
    assert len(home.left(young)) == 7 and len(home.rows(young)) == 5
    assert home.keep() == Freed()


@pytest.mark.parametrize("state", ["queued", "preparing", "running", "paused", "lost"])
def test_runs_that_may_go_on_keep_everything(home: Home, state: State) -> None:
    run = home.run(state)
    home.session.get_one(Run, run).ended_at = now() - timedelta(days=99)
    home.keep()
    assert len(home.left(run)) == 7 and len(home.rows(run)) == 5


def test_what_is_not_set_is_kept(home: Home) -> None:
    write_lifecycle(home.session, Lifecycle(blobs_grace_hours=None))
    run = home.run(days=9999)
    home.blobs.put(b"nobody names it")
    home.grow_old()
    assert home.keep() == Freed()
    assert len(home.left(run)) == 7 and len(list(home.blobs.keys())) == 6


def test_each_age_is_its_own(home: Home) -> None:
    write_lifecycle(home.session, Lifecycle(samples_days=10))
    run = home.run()
    assert home.keep() == Freed(samples=10)
    assert {file.split("/")[0] for file in home.left(run)} == {"events.jsonl", *PARTS}


@pytest.mark.parametrize("ended", [False, True])
def test_what_an_experiment_names_stays(home: Home, ended: bool) -> None:
    run, other = home.run(), home.run()
    asked = Experiment(candidates=(Candidate(what="run", id=run, step=20),), prompts=("a",))
    config = asked.model_dump(mode="json")
    home.run("finished" if ended else "queued", kind="experiment", config=config)
    home.keep()
    assert len(home.left(run)) == 7 and home.left(other) == KEPT


def test_what_a_run_that_waits_names_stays(home: Home) -> None:
    run = home.run()
    follower = home.run("queued", config={"from": [{"run": run}]})
    home.keep()
    assert len(home.left(run)) == 7
    assert move(home.session, follower, "cancelled")
    home.keep()
    assert home.left(run) == KEPT


def test_a_run_that_was_started_again_meanwhile_keeps_everything(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run, hold = home.run("failed"), lifecycle._hold

    def resumed_just_before(session: Session, run_id: str, *more: Any) -> bool:
        move(session, run_id, "queued")
        return hold(session, run_id, *more)

    monkeypatch.setattr(lifecycle, "_hold", resumed_just_before)
    assert home.keep() == Freed() and len(home.left(run)) == 7


def test_checkpoints_that_lie_among_the_blobs_alone(home: Home) -> None:
    run = home.run()
    key = home.artifact(run, "checkpoints/step-000060/optimizer.safetensors", b"large")
    home.grow_old()
    home.keep()
    assert not home.blobs.has(key) and home.rows(run) == ["samples/step-000020/01.png"]


def test_leftovers_of_a_process_that_was_killed(home: Home) -> None:
    run = home.run(days=1)
    going = home.root / "runs" / run / ".going-12345678"
    (going / "step-000020").mkdir(parents=True)
    home.keep()
    assert not going.exists() and len(home.left(run)) == 7


def test_the_cache_is_bounded(home: Home) -> None:
    write_lifecycle(home.session, Lifecycle(cache_bytes=250))
    week = time.time() - 7 * 86400
    for number, name in enumerate(["bases/a", "bases/b", "exports/c", "unpacked/d", "captions-x", "blobs/e"]):
        place = home.root / "cache" / name / "weights" / "file"
        place.parent.mkdir(parents=True)
        place.write_bytes(b"0" * 100)
        for one in (place, place.parent, place.parent.parent):
            os.utime(one, (week + number, week + number))
    os.utime(home.root / "cache/bases/a/weights/file", (time.time(), week))  # read today
    assert home.keep().cache == 300
    left = sorted(
        path.parent.parent.relative_to(home.root / "cache").as_posix() for path in home.root.rglob("weights/file")
    )
    assert left == ["bases/a", "blobs/e", "captions-x"]


def test_references_are_all_that_records_name(home: Home) -> None:
    names = ("picture", "mask", "removed", "before", "removed before", "drawing", "of a run", "nobody's")
    keys = {name: home.blobs.put(name.encode()) for name in names}
    dataset = Dataset(name="d", user_id=home.user.id)
    home.session.add(dataset)
    home.session.flush()
    size = {"width": 1, "height": 1, "bytes": 1, "dataset_id": dataset.id}
    image = Image(name="a", blob=keys["picture"], mask=keys["mask"], **size)
    removed = Image(name="b", blob=keys["removed"], removed=True, **size)
    change = Change(dataset_id=dataset.id, number=1, author="x", kind="edit", count=2)
    run = home.run(days=1)
    home.session.add_all([image, removed, change])
    home.session.flush()
    home.session.add_all(
        [
            ChangeItem(change_id=change.id, image_id=image.id, before={"mask": keys["before"]}, after={"mask": None}),
            ChangeItem(change_id=change.id, image_id=removed.id, before={"mask": keys["removed before"]}, after={}),
            Drawing(user_id=home.user.id, asked={}, blob=keys["drawing"], width=1, height=1, seconds=1.0),
            Artifact(run_id=run, path="samples/x.png", sha256=keys["of a run"], bytes=1),
        ]
    )
    home.session.flush()
    named = storage.references(home.session)
    assert {name for name, key in keys.items() if key not in named} == {"nobody's"}
    named = storage.references(home.session, removed=False)
    assert {name for name, key in keys.items() if key not in named} == {"nobody's", "removed", "removed before"}
    home.grow_old()
    home.keep()
    assert {name for name, key in keys.items() if not home.blobs.has(key)} == {"nobody's"}
    storage.clean(home.session, home.root, home.blobs, ["blobs"])
    assert {name for name, key in keys.items() if not home.blobs.has(key)} == {"nobody's", "removed", "removed before"}
    assert list(home.session.scalars(select(Image.name))) == ["a"]


def test_storage_says_what_lies_there(home: Home) -> None:
    home.run(days=1)
    named = sum(home.blobs.size(key) for key in list(home.blobs.keys()))
    home.blobs.put(b"nobody names it")
    home.grow_old()
    parts = {part.name: part for part in storage.usage(home.session, home.root, home.blobs)}
    assert (parts["blobs"].bytes, parts["blobs"].files, parts["blobs"].removable) == (named + 15, 6, 15)
    assert parts["checkpoints"].removable == 20 and parts["run_caches"].removable == 10


def test_settings_are_kept_and_checked(home: Home) -> None:
    assert read_lifecycle(home.session) == ALL
    with pytest.raises(ValidationError):
        Lifecycle(blobs_grace_hours=0.5)
    with pytest.raises(ValidationError):
        Lifecycle(checkpoint_days=1)  # pyright: ignore[reportCallIssue]

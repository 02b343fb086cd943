"""A backup is whole and consistent while others write, and comes back only into empty places."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from loraloom.jobs import archive
from loraloom.jobs.backup import backup
from loraloom.jobs.restore import restore
from loraloom.spec.errors import LoomError
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Drawing, Image, Lora, Run, Token, User, now

BACKUPS = 3


class Home:
    """A data home with a database and blobs, as a server has them."""

    def __init__(self, root: Path, url: str | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.database = Database(url or sqlite_url(root))
        self.blobs = FolderBlobs(root / "blobs")

    def filled(self) -> Home:
        """With a little of everything."""
        self.database.migrate()
        key, mask = self.blobs.put(b"a picture"), self.blobs.put(b"its mask")
        with self.database.session() as session:
            user = users.ensure_local(session)
            dataset = Dataset(id="d1", name="水墨 'quoted' \"twice\"\n", user_id=user.id)
            session.add(dataset)
            session.flush()
            session.add(
                Image(
                    id="i1", dataset_id="d1", name="a.png", blob=key, mask=mask, width=1, height=2, bytes=9,
                    caption=None, crop=[0.1, 0.2, 0.30000000000000004, 1], looked=None,
                )
            )  # fmt: skip
            run = Run(
                id="r1", name="one", user_id=user.id, family="sd1", dataset_id="d1", state="finished", error=None, loss=1e-17,
                base_model=f"{self.root}/models/mine", config={"base_model": f"{self.root}/models/mine", "n": None},
                started_at=datetime(2026, 3, 1, 12, 30, 15, 250_001, UTC), tags=["a"],
            )  # fmt: skip
            session.add_all([run, Run(id="r2", name="two", user_id=user.id, family="sd1", base_model="thimble")])
            session.flush()
            session.add(
                Lora(
                    id="l1", run_id="r1", user_id=user.id, name="x", file="runs/r1/lora/x.safetensors", base_model="thimble",
                    family="sd1", steps=1, bytes=2**40, sha256="0" * 64,
                )
            )  # fmt: skip
        self.write("runs/r1/events.jsonl", "{}\n")
        self.write("runs/r1/lora/x.safetensors", "weights")
        self.write("runs/r1/checkpoints/step-000010/state.json", "{}")
        self.write("runs/r1/checkpoints/.writing-step-000020/state.json", "{")
        self.write("runs/r1/cache/latents", "can be made again")
        self.write("runs/r1/lock", "")
        self.write("runs/.warm-1/log.txt", "")
        self.write("runs/r2/run.yaml", "a: 1")
        self.write("cache/exports/x", "can be made again")
        self.write("uploads/half", "half")
        self.write("models/mine/unet.safetensors", "a base model")
        self.write("loras/l2/y.safetensors", "made elsewhere")
        self.write("history.jsonl", "{}\n")
        self.write("secret.key", "secret")
        (self.root / "runs" / "r1" / "data").mkdir()
        os.link(self.blobs.path(key), self.root / "runs" / "r1" / "data" / "00001-a.png")
        (self.root / "runs" / "r1" / "link").symlink_to("/etc/hostname")
        return self

    def write(self, name: str, content: str) -> None:
        place = self.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)

    def backup(self, file: Path, **options: bool) -> list[str]:
        """Names of the members."""
        backup(self.database, self.blobs, self.root, file, **options)
        return list(archive.check(file)[1])

    def restore(self, file: Path) -> None:
        restore(self.database, self.blobs, self.root, file)

    def files(self) -> dict[str, str]:
        """Content of every file but the database and blobs."""
        return {
            path.relative_to(self.root).as_posix(): path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.relative_to(self.root).parts[0].startswith(("loraloom.db", "blobs"))
        }

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row as it is stored."""
        with self.database.engine.connect() as connection:
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
            return {
                name: sorted(map(tuple, connection.execute(text(f'SELECT * FROM "{name}"'))), key=repr)
                for name in names
            }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").filled()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LoomError) as caught:
        call()
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize("suffix", [".tar", ".tar.zst"])
def test_everything_comes_back(home: Home, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"b{suffix}"
    before = home.rows()
    home.backup(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing is left beside it"
    home.root.rename(tmp_path / "gone")
    again = Home(tmp_path / "home")  # at the same place
    again.restore(file)
    assert again.rows() == before
    kept = Home(tmp_path / "gone").files()
    left_out = (
        "cache/",
        "uploads/",
        "models/",
        "runs/.warm",
        "runs/r1/cache",
        "runs/r1/lock",
        "runs/r1/checkpoints/.",
        "runs/r1/link",
    )
    assert again.files() == {name: content for name, content in kept.items() if not name.startswith(left_out)}
    assert len(again.files()) == 8
    assert set(again.blobs.keys()) == {hashlib.sha256(one).hexdigest() for one in (b"a picture", b"its mask")}
    assert (again.root / "runs/r1/data/00001-a.png").stat().st_nlink == 2, "one file under two names, as before"
    assert stat.S_IMODE((again.root / "secret.key").stat().st_mode) == 0o600


def test_what_is_the_same_is_kept_once_and_what_is_not_wanted_is_left_out(home: Home, tmp_path: Path) -> None:
    members = home.backup(tmp_path / "a.tar")
    entries = archive.check(tmp_path / "a.tar")[1]
    assert (entries["home/runs/r1/data/00001-a.png"].same or "").startswith("blobs/")
    assert "home/models/mine/unet.safetensors" not in members
    assert "home/models/mine/unet.safetensors" in home.backup(tmp_path / "b.tar", with_models=True)
    bare = home.backup(tmp_path / "c.tar", with_blobs=False)
    assert not [name for name in bare if name.startswith("blobs/")]
    assert "home/runs/r1/data/00001-a.png" in bare, "a run's own copy of its data is the run's"


def test_paths_follow_the_home(home: Home, tmp_path: Path) -> None:
    home.backup(tmp_path / "b.tar")
    other = Home(tmp_path / 'an "other" home')
    other.restore(tmp_path / "b.tar")
    with other.database.session() as session:
        run = session.get_one(Run, "r1")
        assert run.base_model == run.config["base_model"] == f"{other.root}/models/mine"
        assert session.get_one(Dataset, "d1").name == "水墨 'quoted' \"twice\"\n"


def test_a_backup_inside_the_home_does_not_hold_itself_or_the_last_one(home: Home) -> None:
    home.backup(home.root / "one.tar")
    assert not [name for name in home.backup(home.root / "two.tar.zst") if ".tar" in name]


def test_nothing_is_ever_overwritten(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    home.backup(file)
    assert code_of(lambda: home.backup(file)) == "name_taken"
    assert code_of(lambda: home.backup(tmp_path / "b.zip")) == "archive_refused"
    before = home.rows(), home.files()
    assert code_of(lambda: home.restore(file)) == "in_use"
    assert (home.rows(), home.files()) == before
    other = Home(tmp_path / "other")
    other.write("runs/r9/run.yaml", "")
    assert code_of(lambda: other.restore(file)) == "in_use"
    used = Home(tmp_path / "used")
    used.database.migrate()
    with used.database.session() as session:
        session.add(User(name="ada"))
    assert code_of(lambda: used.restore(file)) == "in_use"
    assert not used.files()
    foreign = Home(tmp_path / "foreign")
    with foreign.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    assert code_of(lambda: foreign.restore(file)) == "database_unusable"
    empty = Home(tmp_path / "empty")
    empty.database.migrate()  # as a chart's migration does before anybody used it
    (empty.root / "runs").mkdir()
    empty.restore(file)
    assert empty.rows()["runs"]


def test_a_file_that_is_not_as_it_was_written_is_refused(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    home.backup(file)
    whole = file.read_bytes()

    def refused(content: bytes, name: str = "bad.tar") -> str:
        (tmp_path / name).write_bytes(content)
        other = Home(tmp_path / "other")
        code = code_of(lambda: other.restore(tmp_path / name))
        assert not other.files() and not list(other.blobs.keys())
        return code

    at = whole.index(b"weights")
    assert refused(whole[:at] + b"weightz" + whole[at + 7 :]) == "archive_refused"
    assert refused(whole[: len(whole) // 2]) == "archive_refused"
    assert refused(whole[: whole.rindex(b"files.jsonl") // 512 * 512]) == "archive_refused", "the list is missing"
    assert (
        refused(b"") == refused(b"PK\x03\x04" * 1000) == refused(os.urandom(20_000), "bad.tar.zst") == "archive_refused"
    )
    assert code_of(lambda: Home(tmp_path / "other").restore(tmp_path / "nothing.tar")) == "file_not_found"


@pytest.mark.parametrize(
    "name", ["home/../../evil", "home//evil", "home/a\\b", "home/C:/evil", "evil/../../x", "home/"]
)
def test_names_that_lead_elsewhere_are_refused(home: Home, tmp_path: Path, name: str) -> None:
    home.backup(tmp_path / "b.tar")
    about, _ = archive.check(tmp_path / "b.tar")
    with archive.writing(tmp_path / "evil.tar") as into:
        into.add_bytes(name, b"x")
        into.close(about)
    other = Home(tmp_path / "deep" / "other")
    assert code_of(lambda: other.restore(tmp_path / "evil.tar")) == "archive_refused"
    assert not [path for path in tmp_path.rglob("*evil*") if path.name != "evil.tar"] and not other.files()


def test_records_of_a_newer_loom_are_refused(home: Home, tmp_path: Path) -> None:
    with home.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    home.backup(tmp_path / "b.tar")
    assert code_of(lambda: Home(tmp_path / "other").restore(tmp_path / "b.tar")) == "archive_refused"


def test_records_of_an_older_loom_are_brought_up_to_date(tmp_path: Path) -> None:
    from alembic import command

    from loraloom.store.database import alembic_config

    old = Home(tmp_path / "old")
    with old.database.engine.begin() as connection:
        command.upgrade(alembic_config(old.database.engine, connection), "0003")
        connection.execute(
            text(
                "INSERT INTO users (id, name, admin, epoch, created_at) VALUES ('u', 'ada', 1, 0, '2025-01-01 00:00:00.000000')"
            )
        )
    old.backup(tmp_path / "b.tar")
    new = Home(tmp_path / "new")
    new.restore(tmp_path / "b.tar")
    with new.database.session() as session:
        assert session.scalars(select(User.name)).all() == ["ada"]
        assert session.scalars(select(Drawing)).all() == []


def test_a_blob_that_the_store_lost_or_spoiled_is_told(home: Home, tmp_path: Path) -> None:
    key, mask = (hashlib.sha256(one).hexdigest() for one in (b"a picture", b"its mask"))
    home.blobs.path(mask).chmod(0o600)
    home.blobs.path(mask).write_bytes(b"spoiled")
    home.blobs.delete(key)
    made = backup(home.database, home.blobs, home.root, tmp_path / "b.tar")
    assert made.missing == sorted([key, mask])
    other = Home(tmp_path / "other")
    other.restore(tmp_path / "b.tar")
    assert list(other.blobs.keys()) == [] and other.rows()["images"] == home.rows()["images"]


def test_a_checkpoint_is_whole_or_not_there_whenever_it_is_pruned(home: Home, tmp_path: Path) -> None:
    """It is removed after the first file of the home was copied, after the second, and so on."""
    place = home.root / "runs" / "r1" / "checkpoints" / "step-000030"
    held: set[int] = set()
    for moment in range(1, 11):
        for name in ("a.json", "b.safetensors", "c.json"):
            home.write(f"{place.relative_to(home.root)}/{name}", name)
        calls = 0

        def prune(what: str, files: int, size: int, moment: int = moment) -> None:
            nonlocal calls
            calls += what == "files"
            if calls == moment:
                shutil.rmtree(place, ignore_errors=True)

        file = tmp_path / f"{moment}.tar"
        backup(home.database, home.blobs, home.root, file, say=prune)
        assert calls > moment
        held.add(sum("step-000030" in name for name in archive.check(file)[1]))
    assert held == {0, 3}


def test_while_rows_blobs_and_runs_come_and_go_the_backup_is_consistent(home: Home, tmp_path: Path) -> None:
    """Threads add pictures (blob, then row), remove them (row, then blob, without any time of grace), append events, prune
    checkpoints, delete runs. What comes back names no blob and no file that is not there."""
    with home.database.session() as session:
        user_id = users.ensure_local(session).id
    ending = threading.Event()
    failed: list[BaseException] = []
    done: Counter[str] = Counter()

    def await_more(**counts: int) -> None:
        """Until so many more were made by each, however fast the machine is."""
        goals = {name: done[name] + count for name, count in counts.items()}
        until = time.monotonic() + 120
        while any(done[name] < goal for name, goal in goals.items()) and not failed:
            assert time.monotonic() < until, done
            time.sleep(0.01)

    def busy(name: str, work: Callable[[int], None]) -> threading.Thread:
        def go() -> None:
            number = 0
            try:
                while not ending.is_set():
                    work(number)
                    number += 1
                    done[name] += 1
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    def pictures(who: int) -> Callable[[int], None]:
        def work(number: int) -> None:
            key = home.blobs.put(f"{who} {number}".encode() * 50)
            name = f"{who}-{number}"  # each in a data set of its own: the tables must be of one moment
            with home.database.session() as session:
                session.add(Dataset(id=name, name=name, user_id=user_id))
                session.flush()
                session.add(Image(id=name, dataset_id=name, name="x", blob=key, width=1, height=1, bytes=1))
            if number >= 100:
                with home.database.session() as session:
                    image = session.get_one(Image, f"{who}-{number - 100}")
                    old = image.blob
                    session.delete(session.get_one(Dataset, image.id))  # and with it the picture
                home.blobs.delete(old)

        return work

    def runs(number: int) -> None:
        run_id = f"q{number}"
        with home.database.session() as session:
            session.add(Run(id=run_id, name=run_id, user_id=user_id, family="sd1", base_model="thimble"))
        home.write(f"runs/{run_id}/run.yaml", run_id)
        for step in range(3):
            for name in "abc":
                home.write(f"runs/{run_id}/checkpoints/.writing-step-{step:06}/{name}", f"{run_id} {step}")
            place = home.root / "runs" / run_id / "checkpoints" / f"step-{step:06}"
            place.with_name(f".writing-{place.name}").rename(place)
            with (home.root / "runs" / run_id / "events.jsonl").open("a") as stream:
                stream.write(json.dumps({"seq": step + 1}) + "\n")
            with home.database.session() as session:
                session.get_one(Run, run_id).last_seq = step + 1
            if step:
                shutil.rmtree(place.with_name(f"step-{step - 1:06}"))
        if number >= 15:
            with home.database.session() as session:
                session.delete(session.get_one(Run, f"q{number - 15}"))
            shutil.rmtree(home.root / "runs" / f"q{number - 15}")

    threads = [busy("one", pictures(1)), busy("two", pictures(2)), busy("runs", runs)]
    try:
        for number in range(BACKUPS):
            await_more(one=20, two=20, runs=4)
            made = backup(home.database, home.blobs, home.root, tmp_path / f"{number}.tar")
            assert not made.missing
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    assert not failed
    for number in range(BACKUPS):
        again = Home(tmp_path / str(number))
        again.restore(tmp_path / f"{number}.tar")
        with again.database.session() as session:
            images, rows = session.scalars(select(Image)).all(), session.scalars(select(Run)).all()
        assert len(images) > 20 and len(rows) >= 3, (len(images), len(rows))
        for image in images:
            assert hashlib.sha256(again.blobs.path(image.blob).read_bytes()).hexdigest() == image.blob
        for row in rows:
            if row.last_seq:
                events = (again.root / "runs" / row.id / "events.jsonl").read_text().splitlines()
                assert len(events) >= row.last_seq, "a row is never ahead of its events"
        for checkpoint in again.root.glob("runs/q*/checkpoints/*"):
            assert sorted(file.name for file in checkpoint.iterdir()) == ["a", "b", "c"]


def test_numbers_that_are_counted_up_go_on(home: Home, tmp_path: Path) -> None:
    """Tokens, users and the rest work after a restore as before."""
    home.backup(tmp_path / "b.tar")
    other = Home(tmp_path / "other")
    other.restore(tmp_path / "b.tar")
    with other.database.session() as session:
        user = users.ensure_local(session)
        session.add(Token(user_id=user.id, name="t", hash="h", used_at=now()))
    with other.database.session() as session:
        assert session.scalars(select(Token.name)).all() == ["t"]

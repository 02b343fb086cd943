"""What a real server made comes back elsewhere: on SQLite again, and on PostgreSQL, and from there to SQLite."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from loraloom.store import users
from loraloom.store.blobs import open_blobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Image, Table
from tests.e2e.served import Served
from tests.s3_server import environment, make_bucket, s3_server


def loraloom(home: Path, *arguments: str, database: str | None = None) -> dict[str, Any]:
    """The JSON that the command prints."""
    env = os.environ | {"LORALOOM_HOME": str(home)} | ({"LORALOOM_DATABASE": database} if database else {})
    command = [sys.executable, "-m", "loraloom", *arguments, "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows_of(url: str) -> dict[str, list[str]]:
    """Every row as the program reads it, whatever database holds it."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            return {
                table.name: sorted(str([_same(value) for value in row]) for row in connection.execute(table.select()))
                for table in Table.metadata.sorted_tables
            }
    finally:
        database.close()


def _same(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


@pytest.fixture
def empty(postgres: str, request: pytest.FixtureRequest) -> str:
    """URL of an empty database of PostgreSQL."""
    name = f"backup{abs(hash(request.node.nodeid))}"
    engine = create_engine(f"{postgres}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{postgres}/{name}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "home", "--no-warm").start()
    yield made
    made.stop()


def test_blobs_go_from_one_bucket_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    with s3_server() as address:
        for name, value in environment(address).items():
            monkeypatch.setenv(name, value)
        make_bucket(address, "old")
        make_bucket(address, "new")
        home.mkdir()
        blobs = open_blobs("s3://old/loom", home)
        keys = [blobs.put(f"picture {number}".encode()) for number in range(3)]
        database = Database(sqlite_url(home))
        database.migrate()
        with database.session() as session:
            session.add(Dataset(id="d", name="d", user_id=users.ensure_local(session).id))
            session.flush()
            for key in keys:
                session.add(Image(dataset_id="d", name="x", blob=key, width=1, height=1, bytes=1))
        database.close()
        monkeypatch.setenv("LORALOOM_BLOBS", "s3://old/loom")
        made = loraloom(home, "backup", str(tmp_path / "b.tar"))
        bare = loraloom(home, "backup", str(tmp_path / "bare.tar"), "--no-blobs")
        assert made["missing"] == bare["missing"] == [] and made["files"] == bare["files"] + 3
        monkeypatch.setenv("LORALOOM_BLOBS", "s3://new")
        loraloom(other, "restore", str(tmp_path / "b.tar"))
        shutil.rmtree(other / "cache")  # what is in the bucket, not what was kept beside it
        again = open_blobs("s3://new", other)
        assert sorted(again.keys()) == sorted(keys)
        assert again.open(keys[0]).read() == b"picture 0"


def test_a_server_moves_to_another_place_and_to_postgresql_and_back(server: Served, empty: str, tmp_path: Path) -> None:
    run_id = server.start_run(training={"steps": 12})
    done = server.wait_for(run_id, "finished")
    waiting = server.post("/api/runs", {"dataset": done["dataset"]["id"], "config": {"preset": "quick-look"}})["id"]
    server.wait_for(waiting, "running")
    file = tmp_path / "b.tar.zst"
    made = loraloom(server.home, "backup", str(file))  # while it works
    assert made["missing"] == [] and made["rows"]["images"] == 24 and made["rows"]["runs"] == 2
    before, events = server.run(run_id), server.events(run_id)
    lora = server.client.get(f"/api/loras/{before['lora']}/file").content
    server.stop()

    other = Served(tmp_path / "other", "--no-warm")
    assert loraloom(other.home, "restore", str(file))["rows"] == made["rows"]
    assert_same(other, before, events, lora, waiting)

    moved = tmp_path / "moved"
    loraloom(moved, "restore", str(file), database=empty)
    back = tmp_path / "back"
    loraloom(moved, "backup", str(tmp_path / "c.tar"), database=empty)
    loraloom(back, "restore", str(tmp_path / "c.tar"))
    one, two = rows_of(empty), rows_of(sqlite_url(back))
    assert one.keys() == two.keys() and sum(map(len, one.values())) > 50
    for name in one:
        assert [row.replace(str(moved), "") for row in one[name]] == [row.replace(str(back), "") for row in two[name]]
    assert_same(Served(moved, "--no-warm", LORALOOM_DATABASE=empty), before, events, lora, waiting)


def assert_same(server: Served, run: dict[str, Any], events: list[Any], lora: bytes, waiting: str) -> None:
    """A server on what came back shows the run as it was, and goes on with the one that was at work."""
    server.start()
    try:
        now = server.run(run["id"])
        assert now == run
        assert server.events(run["id"]) == events
        assert server.client.get(f"/api/loras/{now['lora']}/file").content == lora
        pictures = server.get(f"/api/datasets/{now['dataset']['id']}/images")["items"]
        for picture in pictures:
            for part in ("file", "thumbnail"):  # the latter is made anew
                assert server.client.get(f"/api/images/{picture['id']}/{part}").status_code == 200, picture
        state = server.run(waiting)
        assert state["state"] in ("queued", "preparing", "running", "lost"), state
        server.post(f"/api/runs/{waiting}/kill")
    finally:
        server.stop()

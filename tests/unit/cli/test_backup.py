"""`loraloom backup`, `restore` and `migrate` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.cli.app import run
from loraloom.data.home import home
from loraloom.store import users
from loraloom.store.blobs import FolderBlobs
from loraloom.store.database import Database, sqlite_url
from loraloom.store.tables import Dataset, Image


def test_a_home_goes_into_a_file_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["migrate"]) == 0
    assert "before there were none" in capsys.readouterr().out
    assert run(["migrate"]) == 0
    assert "up to date" in capsys.readouterr().out
    database = Database(sqlite_url(home()))
    key = FolderBlobs(home() / "blobs").put(b"a picture")
    with database.session() as session:
        dataset = Dataset(name="d", user_id=users.ensure_local(session).id)
        session.add(dataset)
        session.flush()
        for blob in (key, "0" * 64):
            session.add(Image(dataset_id=dataset.id, name="x", blob=blob, width=1, height=1, bytes=1))
    database.close()

    file = tmp_path / "b.tar.zst"
    assert run(["backup", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{file}: 4 records, ") and "1 files that records name were missing" in said.err
    assert run(["backup", str(file)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert run(["restore", str(file)]) == 1
    assert "is not empty" in capsys.readouterr().err

    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "other"))
    assert run(["restore", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"]["images"] == 2 and told["missing"] == ["0" * 64]
    assert FolderBlobs(home() / "blobs").open(key).read() == b"a picture"


def test_without_records_there_is_nothing_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "nowhere"))
    assert run(["backup", str(tmp_path / "b.tar")]) == 1
    assert "cannot be used" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "empty"))
    assert run(["backup", str(tmp_path / "b.tar")]) == 1
    assert "no records yet" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]

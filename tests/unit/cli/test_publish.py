"""`loraloom publish` without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraloom.cli.app import run
from loraloom.data.home import home
from loraloom.store.database import Database, sqlite_url
from tests.published import TELLING, lora_file, make_experiment, make_lora


def published(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object], str]:
    code = run(["publish", *arguments, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(lora_file(tmp_path / "my felt.safetensors", TELLING))


def test_the_gate_holds_here_too(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, err = published(capsys, file, "--to", "zip")
    assert code == 1 and said["error"]["code"] == "lora_untested"  # type: ignore[index]
    assert "hint:" in err
    code, said, err = published(capsys, file, "--to", "zip", "--untested")
    assert (code, said["version"], said["tested"], said["name"]) == (0, 1, False, "my felt")
    assert Path(str(said["place"])).is_file() and "note:" in err


def test_versions_and_places(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loras = tmp_path / "loras"
    loras.mkdir()
    for number in (1, 2):
        arguments = ("--to", "folder", "--place", str(loras), "--untested", "--name", "Felt")
        code, said, _ = published(capsys, file, *arguments)
        assert (code, said["version"]) == (0, number)
    assert {name.name for name in loras.glob("*.safetensors")} == {"Felt.safetensors", "Felt-v2.safetensors"}
    assert b"agatha" not in (loras / "Felt.safetensors").read_bytes()
    code, said, _ = published(capsys, file, "--to", "gallery", "--untested", "--place", str(tmp_path / "site"))
    assert code == 0 and (tmp_path / "site" / "index.html").is_file()
    code, said, _ = published(capsys, file, "--to", "zip", "--untested", "--place", str(tmp_path / "zips"))
    assert code == 0 and said["place"] == str(tmp_path / "zips" / "my felt-v1.zip")


def test_a_lora_of_the_records_brings_its_experiments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home().mkdir(parents=True, exist_ok=True)
    database = Database(sqlite_url(home()))
    database.migrate()
    with database.session() as session:
        lora = make_lora(session, home())
        run_dir = home() / "runs" / str(lora.run_id)
        make_experiment(session, home(), lora, wins={0.8: 5})
    database.close()
    code, said, _ = published(capsys, str(run_dir), "--to", "zip")
    assert (code, said["tested"], said["name"]) == (0, True, "Felt")


def test_what_is_no_lora(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("x")
    for path in (tmp_path / "none", tmp_path / "a.txt", tmp_path):
        code, said, _ = published(capsys, str(path), "--to", "zip", "--untested")
        assert code == 1 and said["error"]["code"] in ("file_not_found", "weights_unreadable", "lora_unreadable")  # type: ignore[index]

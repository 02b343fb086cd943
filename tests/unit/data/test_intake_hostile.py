"""Hostile uploads are refused with a reason and a sentence that says what to do, and nothing is written outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.data.intake import Taken, take_in
from loraloom.models.received import check_received
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError
from tests.hostile_uploads import MODELS, UPLOADS, Hostile

WHAT_TO_DO = (
    "upload", "remove", "rename", "save", "zip", "copy", "export", "use a larger", "scale", "unpack", "look for",
    "trust", "add ", "not unpacked", "not looked", "put ", "split", "download",
)  # fmt: skip


def listing(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` and what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A folder with a file beside the scratch folder: neither may change."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "evil.png").write_bytes(b"mine")
    (tmp_path / "scratch").mkdir()
    return tmp_path


def test_there_are_enough_kinds() -> None:
    assert len({case.kind for case in UPLOADS}) == len(UPLOADS) >= 60
    assert len({case.kind for case in MODELS}) == len(MODELS) >= 15


@pytest.mark.parametrize("case", UPLOADS, ids=lambda case: case.kind)
def test_a_hostile_upload(guarded: Path, case: Hostile) -> None:
    path = guarded / ("0" * 32)
    path.write_bytes(case.data())
    scratch = guarded / "scratch"
    before = {name: data for name, data in listing(guarded).items() if not name.startswith("scratch")}
    items = list(take_in(path, case.filename, scratch))
    notes = [item for item in items if isinstance(item, FileNote)]
    note = next(note for note in notes if note.reason == case.reason)
    assert case.word in note.message
    assert note.message.endswith(".") and len(note.message) > 20
    assert any(words in note.message.lower() for words in WHAT_TO_DO), note.message
    assert path.name not in note.message and str(guarded) not in note.message
    others = 1 if case.kind == "two members of one name" else 0
    assert sum(isinstance(item, Taken) for item in items) == others
    after = {name: data for name, data in listing(guarded).items() if not name.startswith("scratch")}
    assert after == before
    assert not [name for name in listing(guarded) if "evil" in name and name != "guard/evil.png"]


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case.kind)
def test_a_hostile_model(tmp_path: Path, case: Hostile) -> None:
    path = tmp_path / ("0" * 32)
    path.write_bytes(case.data())
    with pytest.raises(LoomError) as caught:
        check_received(path, case.filename)
    assert caught.value.code == case.reason
    assert case.word in caught.value.message + caught.value.hint
    assert caught.value.hint.endswith((".", ")"))
    assert path.name not in caught.value.message and str(tmp_path) not in caught.value.message
    assert [file.name for file in tmp_path.iterdir()] == [path.name]

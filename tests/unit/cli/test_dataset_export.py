"""`loraloom dataset export`: what is written, what is said of it, what is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from loraloom.cli.app import run
from loraloom.data.exporting.picture import FORMATS
from loraloom.data.importer import scan
from loraloom.spec.dataset import Dataset
from tests.broken_pictures import encoded, noise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures in kohya's folders, one held out, one with a mask, and something that is none."""
    place = tmp_path / "my set"
    for name in ("3_cat/a.jpg", "3_cat/猫.png", "held-out/1_cat/b.png", "3_cat/a-masklabel.png"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(encoded(noise(), "JPEG" if name.endswith("jpg") else "PNG"))
    (place / "3_cat" / "猫.txt").write_text("一只猫，\n第二行", encoding="utf-8")
    (place / "3_cat" / "broken.png").write_bytes(b"no")
    return place


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_every_format(folder: Path, tmp_path: Path, capsys: Any, form: str, name: str) -> None:
    out = tmp_path / name
    assert run(["dataset", "export", str(folder), "--format", form, "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    got = json.loads(said.out)
    assert (got["path"], got["format"], got["images"], got["skipped"]) == (str(out), form, 3, 1)
    assert ("repeats" in " ".join(got["notes"])) == (form == "lora-scripts") and "1 file skipped" in said.err
    again = {Path(image.path).read_bytes(): image for image in scan(Dataset(path=str(out)), unpack_to=tmp_path).images}
    for name in ("3_cat/a.jpg", "3_cat/猫.png", "held-out/1_cat/b.png"):
        image = again[(folder / name).read_bytes()]
        assert Path(image.path).suffix == Path(name).suffix and Path(image.path).stem == Path(name).stem
        assert image.captions == (("一只猫，", "第二行") if "猫" in name else ("cat",))
        assert image.held_out == ("held-out" in name) and (image.mask is not None) == ("a.jpg" in name)
        assert image.repeats == (3 if "3_cat" in name and form != "lora-scripts" else 1)
    assert run(["dataset", "export", str(folder), "--format", form, "--out", str(out)]) == 1
    assert "hint: " in capsys.readouterr().err


def test_a_zip_in_and_words(folder: Path, tmp_path: Path, capsys: Any) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as zipped:
        zipped.write(folder / "3_cat" / "a.jpg", "a.jpg")
    asked = ["dataset", "export", str(tmp_path / "in.zip"), "--format", "kohya", "--words", "my words"]
    assert run([*asked, "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.strip() == f"1 picture in {tmp_path / 'out'}"
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {"1_my words/a.jpg", "1_my words/a.txt", "README.txt"}
    assert run(["dataset", "export", str(folder), "--format", "coco", "--out", "x"]) == 2
    assert run(["dataset", "export", str(tmp_path / "gone"), "--format", "flat", "--out", "x"]) == 1


def test_check_counts_what_is_held_out(folder: Path, capsys: Any) -> None:
    assert run(["dataset", "check", str(folder)]) == 0
    assert "3 pictures taken, 3 with a caption, 1 with a mask, 1 held out; 1 file skipped" in capsys.readouterr().out

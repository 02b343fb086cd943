"""Config files: every way in which one can be unreadable has words, and a written one is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.jobs import yaml_file
from loraloom.spec.errors import LoomError


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"a: [1", "config_unreadable", "line 1"),
        (b"a: 1\na: 2\n", "config_unreadable", "'a' stands twice"),
        (b"lora:\n  rank: 1\n  rank: 2\n", "config_unreadable", "line 3"),
        (b"", "config_unreadable", "empty"),
        (b"- 1\n- 2\n", "config_unreadable", "not keys and values"),
        (b"\xff\xfe\x00", "config_unreadable", "UTF-8"),
        (b"a: !!python/object/apply:os.system ['true']\n", "config_unreadable", "line 1"),
    ],
)
def test_unreadable(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(content)
    with pytest.raises(LoomError) as caught:
        yaml_file.read(file)
    assert caught.value.code == code
    assert words in caught.value.message


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        yaml_file.read(tmp_path / "none.yaml")
    assert caught.value.code == "file_not_found"
    with pytest.raises(LoomError) as caught:
        yaml_file.read(tmp_path)
    assert caught.value.code == "config_unreadable"


def test_byte_order_mark_json_and_chinese(tmp_path: Path) -> None:
    file = tmp_path / "配置.yaml"
    file.write_bytes("\ufeffname: 水墨\n".encode())
    assert yaml_file.read(file) == {"name": "水墨"}
    file.write_text('{"lora": {"rank": 8}}', encoding="utf-8")
    assert yaml_file.read(file) == {"lora": {"rank": 8}}


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    content = {"name": "水墨", "optimizer": {"learning_rate": 1e-05, "betas": [0.9, 0.999]}, "x": None}
    yaml_file.write(tmp_path / "run.yaml", content, "one\ntwo")
    assert yaml_file.read(tmp_path / "run.yaml") == content
    assert (tmp_path / "run.yaml").read_text(encoding="utf-8").startswith("# one\n# two\n")
    assert [file.name for file in tmp_path.iterdir()] == ["run.yaml"]

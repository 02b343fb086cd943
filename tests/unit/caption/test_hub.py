"""Where models lie and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.caption.hub import find_model, name_of, need_safetensors
from loraloom.spec.errors import LoomError


def test_names(tmp_path: Path) -> None:
    download = tmp_path / "models--owner--a-model" / "snapshots" / "0a1b"
    download.mkdir(parents=True)
    (tmp_path / "my model").mkdir()
    assert name_of(str(download)) == "owner/a-model"
    assert name_of(str(tmp_path / "my model")) == "my model"
    assert name_of("owner/name") == "owner/name"


def test_what_is_found(tmp_path: Path) -> None:
    assert find_model(str(tmp_path)) == tmp_path
    (tmp_path / "model.safetensors").touch()
    need_safetensors(tmp_path, "m")
    for model, words in (
        (tmp_path / "model.safetensors", "is a file"),
        (tmp_path / "x", "no model at"),
        ("a/b/c", "no model at"),
    ):
        with pytest.raises(LoomError, match=words):
            find_model(str(model))


def test_pickles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(LoomError, match="pickle") as raised:
        need_safetensors(tmp_path, "m")
    assert raised.value.code == "pickle_refused"

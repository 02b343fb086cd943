"""`loraloom demo`: the same path as train, then a sheet over subjects that were not trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loraloom.cli.app import run
from loraloom.jobs.demo import DATA, SUBJECTS, held_out
from loraloom.spec.sample import Distances, SampleRequest, SampleResult

WELL = 'lora.parent.mkdir(); lora.write_bytes(b"x"); write(run_dir, started(), logged(4), finished())'


def test_the_packaged_pictures() -> None:
    pictures = list(DATA.glob("*.png"))
    assert len(pictures) == 24
    captions = {file.read_text(encoding="utf-8").strip() for file in DATA.glob("*.txt")}
    assert all(picture.with_suffix(".txt").is_file() for picture in pictures)
    assert len(held_out()) >= SUBJECTS
    assert not captions & set(held_out())
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 1_000_000


@pytest.mark.parametrize("as_json", [False, True])
def test_it_trains_and_compares(
    as_json: bool, child: Callable[[str], None], base_folder: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    asked: list[SampleRequest] = []

    def draw(wanted: dict[str, Any]) -> SampleResult:
        asked.append(SampleRequest.model_validate(wanted | {"result": "/x"}))
        return SampleResult(files=(wanted["out"],), distances=Distances(measure="m", before=0.9, after=0.4))

    monkeypatch.setattr("loraloom.jobs.demo.draw", draw)
    child(WELL)
    more = ["--json"] if as_json else []
    assert run(["demo", "--out", str(tmp_path), "--set", f"base_model={base_folder}", *more]) == 0
    assert asked[0].compare and asked[0].compare_to == str(DATA)
    assert asked[0].prompts == tuple(held_out()[:SUBJECTS])
    said = capsys.readouterr().out
    sheet = str(tmp_path / "demo" / "before-after.png")
    if as_json:
        got = json.loads(said)
        assert got["sheet"] == sheet and got["distances"]["after"] == 0.4 and "lora" in got
    else:
        assert f"Before and after: {sheet}" in said and "0.900 before, 0.400 after" in said

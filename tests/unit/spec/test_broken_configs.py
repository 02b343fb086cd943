"""Each config in broken/ names all its problems at once, each with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom.jobs import yaml_file
from loraloom.jobs.resolve import resolve
from loraloom.spec.errors import LoomError

BROKEN = Path(__file__).parent / "broken"
EXPECTED: dict[str, dict[str, str]] = yaml.safe_load((BROKEN / "expected.yml").read_text(encoding="utf-8"))


def problems_of(name: str, base: Path, pictures: Path) -> dict[str, str]:
    """Key -> everything that is said about it. Where the file leaves base and pictures open, there are good ones."""
    config: dict[str, Any] = yaml_file.read(BROKEN / name)
    if "train_data_dir" not in config:
        config.setdefault("base_model", str(base))
    if isinstance(config.get("dataset"), dict):
        config["dataset"].setdefault("path", str(pictures))
    with pytest.raises(LoomError) as caught:
        resolve(config)
    assert caught.value.code == "config_invalid"
    said: dict[str, str] = {}
    for problem in caught.value.problems:
        assert problem.hint, f"{problem.key} has no hint"
        assert problem.key in caught.value.message
        said[problem.key] = said.get(problem.key, "") + f"{problem.message} ({problem.hint}) "
    return said


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_problem_is_named_with_a_hint(name: str, base_folder: Path, pictures: Path) -> None:
    said = problems_of(name, base_folder, pictures)
    assert set(said) == set(EXPECTED[name])
    for key, words in EXPECTED[name].items():
        assert words in said[key], f"{key}: {said[key]}"


def test_there_are_ten_or_more_and_each_is_expected() -> None:
    files = {file.name for file in BROKEN.glob("*.yaml")}
    assert files == set(EXPECTED)
    assert len(files) >= 10
